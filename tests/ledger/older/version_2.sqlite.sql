BEGIN TRANSACTION;
CREATE TABLE events (
	run_id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (run_id, seq), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
INSERT INTO events VALUES(1,1,1001,'run_started','{"at":1001,"run_id":1,"job_id":77,"run_name":"etl","parameters":{"day":"1"},"only":null,"parallel":4,"trigger":"one_time","overrides":[],"skip_unsupported":false,"task_parameters":{},"kind":"run_started"}');
INSERT INTO events VALUES(1,2,1002,'condition_evaluated','{"at":1002,"task_key":"a","task_run_id":1000001,"left":"1","op":"EQUAL_TO","right":"1","outcome":true,"failure":null,"kind":"condition_evaluated"}');
INSERT INTO events VALUES(1,3,1003,'run_finished','{"at":1003,"result":"SUCCESS","code":"SUCCESS","message":"","kind":"run_finished"}');
INSERT INTO events VALUES(2,1,2001,'run_started','{"at":2001,"run_id":2,"job_id":77,"run_name":"etl","parameters":{},"only":null,"parallel":4,"trigger":"one_time","overrides":[],"skip_unsupported":false,"task_parameters":{},"kind":"run_started"}');
CREATE TABLE nbkit_schema (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO nbkit_schema VALUES(2);
CREATE TABLE requests (
	run_id INTEGER NOT NULL, 
	request VARCHAR(40) NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (run_id, request), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
INSERT INTO requests VALUES(2,'cancel',1000);
CREATE TABLE runs (
	run_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	job_name TEXT NOT NULL, 
	job_id BIGINT NOT NULL, 
	source TEXT NOT NULL, 
	graph TEXT NOT NULL, 
	created_at BIGINT NOT NULL
, root TEXT DEFAULT '' NOT NULL);
INSERT INTO runs VALUES(1,'etl',77,'/home/me/project/job.json','{"name": "etl", "tasks": [{"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}]}',1000,'');
INSERT INTO runs VALUES(2,'etl',77,'/home/me/project/job.json','{"name": "etl", "tasks": [{"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}]}',1000,'');
INSERT INTO runs VALUES(3,'other',78,'/home/me/project/other.json','{"name": "other", "tasks": [{"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}]}',1000,'');
CREATE TABLE tokens (
	job_id BIGINT NOT NULL, 
	token VARCHAR(64) NOT NULL, 
	run_id INTEGER NOT NULL, 
	PRIMARY KEY (job_id, token), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
INSERT INTO tokens VALUES(77,'token',1);
CREATE TABLE leases (
	run_id INTEGER NOT NULL, 
	fence INTEGER NOT NULL, 
	owner VARCHAR(32) NOT NULL, 
	host TEXT NOT NULL, 
	machine TEXT NOT NULL, 
	lock TEXT NOT NULL, 
	expires_at BIGINT, 
	job_id BIGINT NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	planned_at BIGINT, 
	PRIMARY KEY (run_id), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
INSERT INTO leases VALUES(2,1,'0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f','laptop','0123456789abcdef','file:///home/me/project/runs/.owners/0f0f',NULL,77,'going',NULL);
INSERT INTO leases VALUES(3,1,'','','','',NULL,78,'idle',NULL);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('runs',3);
CREATE INDEX events_by_kind ON events (run_id, kind);
CREATE INDEX runs_by_job ON runs (job_name, run_id);
CREATE INDEX leases_open ON leases (job_id) WHERE state != 'over';
COMMIT;
