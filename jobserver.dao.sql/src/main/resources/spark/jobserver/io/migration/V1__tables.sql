-- A name can be longer than any index takes, and Derby ignores blanks at its end: a column "…_key" holds
-- its SHA-256 for look-ups. Ids have a type of their own where texts are not ordered by code point.
-- Times are milliseconds since 1970.

-- The bytes of binaries and of results, in chunks of 1 MiB.
create table chunk (
  owner varchar(80) not null,
  part integer not null,
  bytes ${blob} not null,
  primary key (owner, part)
);

-- What is stored once, under however many names. Its row is what uploads and deletions of the same
-- bytes lock.
create table binary_content (
  digest varchar(64) not null primary key,
  size_in_bytes bigint not null
);

-- One row per upload. What starts a job locks the row, so that it cannot be deleted meanwhile.
create table binary_version (
  version bigint generated always as identity primary key,
  name varchar(32672) not null,
  name_key varchar(64) not null,
  binary_type varchar(32) not null,
  upload_time bigint not null,
  digest varchar(64) not null,
  size_in_bytes bigint not null
);
create index binary_version_by_name on binary_version (name_key, version desc);
create index binary_version_by_digest on binary_version (digest);

-- "active_key" is the name's key until the context is final: so two active ones cannot share a name.
create table context (
  sequence_number bigint generated always as identity,
  id ${id} not null primary key,
  name varchar(32672) not null,
  name_key varchar(64) not null,
  active_key varchar(64) unique,
  factory ${clob} not null,
  settings ${clob} not null,
  start_time bigint not null,
  end_time bigint,
  state varchar(16) not null,
  application_id ${clob},
  url ${clob},
  failure_message ${clob},
  failure_class ${clob},
  failure_stack ${clob},
  bundle ${clob} not null
);
create index context_by_name on context (name_key, sequence_number desc);
create index context_by_state on context (state, sequence_number);

create table context_driver (
  context_id ${id} not null primary key,
  epoch integer not null,
  process ${clob} not null,
  token_hash ${clob} not null,
  key_hash ${clob} not null
);

-- A job remembers its version of the binary itself: history outlives binaries.
create table job (
  id ${id} not null primary key,
  context_id ${id} not null,
  context_name varchar(32672) not null,
  epoch integer not null,
  binary_name varchar(32672) not null,
  binary_key varchar(64) not null,
  binary_type varchar(32) not null,
  binary_upload_time bigint not null,
  binary_digest varchar(64) not null,
  binary_size bigint not null,
  class_path ${clob} not null,
  start_time bigint not null,
  end_time bigint,
  state varchar(16) not null,
  kill_wished boolean not null,
  failure_message ${clob},
  failure_class ${clob},
  failure_stack ${clob},
  result_size bigint,
  config ${clob} not null
);
create index job_by_time on job (start_time desc, id desc);
create index job_by_state on job (state, start_time desc, id desc);
