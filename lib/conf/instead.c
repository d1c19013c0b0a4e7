/* SPDX-License-Identifier: ISC */
/* What the warning [no-effect] says beside the name of the directive. */
#include <stddef.h>
#include <strings.h>

#include "conf/directives.h"

#define H_ACCOUNTING "the columns are fixed by record-fields or fields"
#define H_API "mail is handed in by vmta-queue add"
#define H_CHECKS "mail that is handed in isn't checked for SPF or DKIM"
#define H_DIALOGUE "vmta-send -d prints the dialogue"
#define H_DUMMY "vmta-sink is the server that discards"
#define H_FIELDS "X-Virtual-MTA, X-Job and X-Envid are honoured and removed"
#define H_INTAKE "who may hand in mail is who may write to the spool"
#define H_LISTENER "mail is handed in by vmta-queue add"
#define H_MONITOR "there is no web monitor; see vmta-queue(1) and vmta-acct(1)"
#define H_NONE_YET "this release does not do it"
#define H_PROCESS "each program is an ordinary process of its own"
#define H_REPORTS "reports are not read or made here"
#define H_SIGNING "messages are not signed in this release"
#define H_SPARKPOST "no outside service is told"
#define H_TLS "there is no TLS in this release"

static const char *const instead[CONF_DIRECTIVES] = {
#define CONF_COMPAT(id, name, sections, type, range, dflt, hint, doc)         \
	[CONF_DIR_##id] = hint,
#include "conf/compat.def"
#include "conf/compat_host.def"
#include "conf/compat_source.def"
#undef CONF_COMPAT
	[CONF_DIR_POSTMASTER] = "read the programs' standard error",
	[CONF_DIR_LOG_FILE] = "redirect the programs' standard error",
	[CONF_DIR_SOURCE_IP_MAX_CONNECT_RATE] =
	    "max-connect-rate limits the queue",
	[CONF_DIR_SOURCE_IP_MAX_SMTP_OUT] = "max-smtp-out limits the queue",
	[CONF_DIR_SMTP_OUT_RAMPUP_INTERVAL] = "use max-connect-rate",
	[CONF_DIR_MAX_DATA_VOLUME_RATE] = "use max-msg-rate",
	[CONF_DIR_QUEUE_TO] = "write the domains in a domain-macro and "
	    "<domain $NAME>, which is one queue",
	[CONF_DIR_DISABLE_MX_ROLLUP] = "there are no MX roll-ups",
	[CONF_DIR_MX] = "write the domains in a domain-macro and "
	    "<domain $NAME>, which is one queue",
	[CONF_DIR_REROUTE_TO_VIRTUAL_MTA] =
	    "vmta-queue can move the records",
	[CONF_DIR_BACKOFF_NOTIFY] = "watch vmta-throttle status",
	[CONF_DIR_DISABLED_SOURCE_IP_NOTIFY] = "watch vmta-throttle status",
	[CONF_DIR_BACKOFF_MAX_SMTP_OUT] = "max-smtp-out holds all the time",
	[CONF_DIR_BACKOFF_MAX_MSG_RATE] = "max-msg-rate holds all the time",
	[CONF_DIR_BACKOFF_RETRY_AFTER] = "retry-after holds all the time",
	[CONF_DIR_RECORD_FIELDS] = "use fields",
	[CONF_DIR_USER_STRING] = "a filter behind vmta-acct can add it",
	[CONF_DIR_QUEUE_FILTER] = "a filter behind vmta-acct can do it",
	[CONF_DIR_PRIVACY_POLICY] = "a filter behind vmta-acct can do it",
	[CONF_DIR_COMPRESS] = "compress what move-to has moved",
	[CONF_DIR_REMOVE_HEADER] = "leave the fields out before handing in",
};

const char *
conf_instead(enum conf_dir id)
{
	/* What has come to act by now needs nothing else. */
	return conf_directive(id)->effect == CONF_ACTS ? NULL : instead[id];
}

const char *
conf_invented(const char *word)
{
	static const struct {
		const char *word, *advice;
	} rows[] = {
#define CONF_INVENTED(word_, advice_) { word_, advice_ },
#include "conf/invented.def"
#undef CONF_INVENTED
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcasecmp(rows[i].word, word) == 0)
			return rows[i].advice;
	return NULL;
}

bool
conf_repeatable(const struct conf_directive *row)
{
	switch ((unsigned)row->type) {
	case CONF_T_MACRO:
	case CONF_T_INCLUDE:
	case CONF_T_NET_RATE:
	case CONF_T_NET_PER_HOUR:
	case CONF_T_NET_LIMIT:
	case CONF_T_RECORD_FIELDS:
	case CONF_T_LINE:
	case CONF_T_SERVER:
	case CONF_T_SOURCES:
	case CONF_T_KEY:
		return true;
	default:
		break;
	}
	switch ((unsigned)row->id) {
	case CONF_DIR_POSTMASTER:
	case CONF_DIR_SPOOL:
	case CONF_DIR_HOST_NAME:
	case CONF_DIR_POOL_VIRTUAL_MTA:
	case CONF_DIR_COLD_VIRTUAL_MTA:
	case CONF_DIR_AUTO_COLD_VIRTUAL_MTA:
	case CONF_DIR_WARMUP_VIRTUAL_MTA:
	case CONF_DIR_FORWARD_UNMATCHED_TO:
	case CONF_DIR_FORWARD_ERRORS_TO:
	case CONF_DIR_ADDRESS_FILE:
	case CONF_DIR_BODY_PATTERN_FILE:
	case CONF_DIR_SMTP_PROXY_SOURCE_HOST:
	case CONF_DIR_SMTP_IP:
	case CONF_DIR_RELAY_DOMAIN:
	case CONF_DIR_RELAY_ADDRESS:
	case CONF_DIR_HTTP_ACCESS:
	case CONF_DIR_HTTP_API_KEY:
	case CONF_DIR_API_KEY:
	case CONF_DIR_HTTP_MGMT_SOURCE:
	case CONF_DIR_NO_HTTP_MGMT_SOURCE:
	case CONF_DIR_MX_CONNECTION_LIMIT:
	case CONF_DIR_IP_CONNECTION_LIMIT:
	case CONF_DIR_SOURCE_IP_MAX_DATA_VOLUME_RATE:
	case CONF_DIR_ACCT_LOG_HEADER:
		return true;
	default:
		return false;
	}
}
