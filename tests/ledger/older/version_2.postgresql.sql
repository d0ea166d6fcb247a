CREATE TABLE public.events (
    run_id integer NOT NULL,
    seq integer NOT NULL,
    at bigint NOT NULL,
    kind character varying(40) NOT NULL,
    body text NOT NULL
);
CREATE TABLE public.leases (
    run_id integer NOT NULL,
    fence integer NOT NULL,
    owner character varying(32) NOT NULL,
    host text NOT NULL,
    machine text NOT NULL,
    lock text NOT NULL,
    expires_at bigint,
    job_id bigint NOT NULL,
    state character varying(10) NOT NULL,
    planned_at bigint
);
CREATE TABLE public.nbkit_schema (
    version integer NOT NULL
);
CREATE TABLE public.requests (
    run_id integer NOT NULL,
    request character varying(40) NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE public.runs (
    run_id integer NOT NULL,
    job_name text NOT NULL,
    job_id bigint NOT NULL,
    source text NOT NULL,
    graph text NOT NULL,
    created_at bigint NOT NULL,
    root text DEFAULT ''::text NOT NULL
);
CREATE SEQUENCE public.runs_run_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.runs_run_id_seq OWNED BY public.runs.run_id;
CREATE TABLE public.tokens (
    job_id bigint NOT NULL,
    token character varying(64) NOT NULL,
    run_id integer NOT NULL
);
ALTER TABLE ONLY public.runs ALTER COLUMN run_id SET DEFAULT nextval('public.runs_run_id_seq'::regclass);
INSERT INTO public.events VALUES (1, 1, 1001, 'run_started', '{"at":1001,"run_id":1,"job_id":77,"run_name":"etl","parameters":{"day":"1"},"only":null,"parallel":4,"trigger":"one_time","overrides":[],"skip_unsupported":false,"task_parameters":{},"kind":"run_started"}');
INSERT INTO public.events VALUES (1, 2, 1002, 'condition_evaluated', '{"at":1002,"task_key":"a","task_run_id":1000001,"left":"1","op":"EQUAL_TO","right":"1","outcome":true,"failure":null,"kind":"condition_evaluated"}');
INSERT INTO public.events VALUES (1, 3, 1003, 'run_finished', '{"at":1003,"result":"SUCCESS","code":"SUCCESS","message":"","kind":"run_finished"}');
INSERT INTO public.events VALUES (2, 1, 2001, 'run_started', '{"at":2001,"run_id":2,"job_id":77,"run_name":"etl","parameters":{},"only":null,"parallel":4,"trigger":"one_time","overrides":[],"skip_unsupported":false,"task_parameters":{},"kind":"run_started"}');
INSERT INTO public.leases VALUES (2, 1, '0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f', 'laptop', '0123456789abcdef', 'file:///home/me/project/runs/.owners/0f0f', 3000, 77, 'going', NULL);
INSERT INTO public.leases VALUES (3, 1, '', '', '', '', NULL, 78, 'idle', NULL);
INSERT INTO public.nbkit_schema VALUES (2);
INSERT INTO public.requests VALUES (2, 'cancel', 1000);
INSERT INTO public.runs VALUES (1, 'etl', 77, '/home/me/project/job.json', '{"name": "etl", "tasks": [{"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}]}', 1000, '');
INSERT INTO public.runs VALUES (2, 'etl', 77, '/home/me/project/job.json', '{"name": "etl", "tasks": [{"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}]}', 1000, '');
INSERT INTO public.runs VALUES (3, 'other', 78, '/home/me/project/other.json', '{"name": "other", "tasks": [{"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}]}', 1000, '');
INSERT INTO public.tokens VALUES (77, 'token', 1);
SELECT pg_catalog.setval('public.runs_run_id_seq', 3, true);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (run_id, seq);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY public.nbkit_schema
    ADD CONSTRAINT nbkit_schema_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (run_id, request);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (job_id, token);
CREATE INDEX events_by_kind ON public.events USING btree (run_id, kind);
CREATE INDEX leases_open ON public.leases USING btree (job_id) WHERE ((state)::text <> 'over'::text);
CREATE INDEX runs_by_job ON public.runs USING btree (job_name, run_id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(run_id);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(run_id);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(run_id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(run_id);
