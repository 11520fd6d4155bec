-- Who has made what: the name of a caller, and its SHA-256 for look-ups. Both are empty for what the server has made
-- itself, and for what is older than this.
alter table binary_version add column owner varchar(32672) not null default '';
alter table context add column owner varchar(32672) not null default '';
alter table job add column owner varchar(32672) not null default '';
alter table job add column owner_key varchar(64) not null default '';
create index job_by_owner on job (owner_key, start_time desc, id desc);
