/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/tsv.h"
#include "record/job.h"

const char *const job_names[JOB_FIELDS] = {
	[JOB_ID] = "id",
	[JOB_LOCATOR] = "locator",
	[JOB_VERSION] = "version",
	[JOB_GRANT] = "grant",
	[JOB_PRIORITY] = "priority",
	[JOB_DUE] = "due",
	[JOB_ATTEMPTS] = "attempts",
	[JOB_SIZE] = "size",
	[JOB_QUEUE] = "queue",
	[JOB_DOMAIN] = "domain",
	[JOB_VMTA] = "vmta",
	[JOB_SENDER] = "sender",
	[JOB_RCPT] = "rcpt",
	[JOB_JOB] = "job",
	[JOB_SOURCE] = "source",
};

int
job_parse(char *line, struct job *job)
{
	if (tsv_split(line, job->f, JOB_FIELDS) < JOB_FIELDS)
		return -1;
	for (size_t i = 0; i < JOB_FIELDS; i++)
		if (job->f[i][0] == '\0' || tsv_has_control(job->f[i]))
			return -1;
	return 0;
}

int
job_add(struct buf *b, const struct job *job)
{
	for (size_t i = 0; i < JOB_FIELDS; i++) {
		buf_adds(b, job->f[i]);
		buf_addc(b, i + 1 < JOB_FIELDS ? '\t' : '\n');
	}
	return b->over ? -1 : 0;
}
