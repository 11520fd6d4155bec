-- What moving to another store must be able to read: contexts in their order, and the keys of requests as their callers
-- gave them, in UTF-8, for they may hold characters that no text in a database does. Of keys that are older than this
-- only the digest is known; they stay behind.
create index context_by_order on context (sequence_number);
alter table request_key add column caller ${blob};
alter table request_key add column key_text ${blob};
