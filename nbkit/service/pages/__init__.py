"""Pages for people: jobs, a job, a run as it goes on."""
