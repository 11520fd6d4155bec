-- The binaries that a job imports from besides its own, in their order. As a job does of its own binary, it remembers
-- the versions itself.
create table job_dependency (
  job_id ${id} not null,
  place integer not null,
  binary_name varchar(32672) not null,
  binary_key varchar(64) not null,
  binary_type varchar(32) not null,
  binary_upload_time bigint not null,
  binary_digest varchar(64) not null,
  binary_size bigint not null,
  primary key (job_id, place)
);
create index job_dependency_by_binary on job_dependency (binary_key, job_id);
