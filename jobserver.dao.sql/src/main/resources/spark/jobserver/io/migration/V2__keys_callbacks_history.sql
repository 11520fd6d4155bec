-- The keys by which requests for jobs may be repeated. "id" is the SHA-256 of caller and key.
create table request_key (
  id varchar(64) not null primary key,
  job_id ${id} not null,
  request varchar(64) not null
);
create index request_key_by_job on request_key (job_id);

-- Whom to tell that a job has ended, until it was told.
create table callback (
  job_id ${id} not null primary key,
  url ${clob} not null
);

-- By which history is removed.
create index job_by_end on job (end_time);
create index job_by_context on job (context_id);
create index context_by_end on context (end_time);
