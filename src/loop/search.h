#ifndef LOOP_SEARCH_H
#define LOOP_SEARCH_H

/*
 * A campaign that is being worked on: everything that `start`, `try` and `sandbox` hold
 * open. The rooms below do not know each other; here they are introduced.
 */

#include <time.h>

#include "base/evloop.h"
#include "git/ledger.h"
#include "git/settings.h"
#include "git/slot.h"
#include "model/activity.h"
#include "model/campaign.h"
#include "model/signs.h"
#include "sandbox/trial.h"

struct journal;
struct lane;
struct race;
struct recorded;
struct team;

/* How a run is asked to end. */
enum stop {
	STOP_NO,
	STOP_AFTER,  /* after the trials in flight: `stop` */
	STOP_NOW,    /* at once: `stop --now` */
	STOP_SIGNAL, /* at once: SIGINT, SIGTERM, SIGHUP */
};

struct search;

/* What somebody who watches is told; every member may be NULL. */
struct watcher {
	/* What a lane does changed: a phase began in it, or it is free. */
	void (*activity)(int lane, const struct activity *activity, void *data);
	/* What failed printed this last, for a person: lines, already made visible. */
	void (*tail)(const char *text, void *data);
	/* A model's endpoint fails, and is asked again in so many seconds; it is waited for
	 * `at_most` seconds in all. */
	void (*waiting)(const char *why, double seconds, double at_most, void *data);
	/* A pause began: nothing more is begun until it ends. */
	void (*paused)(bool paused, void *data);
	/* Called several times a second while a phase runs. */
	void (*tick)(void *data);
	/* A record was written; `commit` is the candidate. */
	void (*recorded)(const struct record *record, const char *commit, void *data);
	void *data;
};

struct search {
	/* Options of the command line, which win over the settings; NULL where not given. Set
	 * between search_init() and search_open(). Borrowed. */
	const struct string_list *proposers_given;
	const char *command_given; /* of the proposer */
	const char *from_given;	   /* see loop/footing.h */
	/* What is measured again, under the rules of its time: its base is the incumbent then, and
	 * no ref but the ledger's is touched. Borrowed; NULL for all but a replay. */
	const struct entry *again;
	bool config_optional; /* where the commit has no config, the defaults hold */
	bool branch_stays;    /* nothing moves the ledger branch, so it may be checked out */
	int jobs;	      /* lanes; 1 by search_init(), 0 for what the settings say */
	int candidates;	      /* a round; 0 for what the config says */

	struct repo *repo;
	char *campaign;
	struct ledger ledger;
	char head[OID_HEX_SIZE]; /* the base of a campaign that has no branch yet */
	struct settings settings;
	struct campaign_config config;
	char *program; /* program.md of the incumbent; "" */

	char *store; /* absolute */
	char *path;  /* the campaign's folder, below the store */
	char *dir;   /* the same, absolute */
	int lock;    /* -1: not held */

	struct evloop *events;
	int signals; /* signalfd; -1: not watched */
	enum stop stop;
	bool ends;  /* what is under way is to end, for another reason */
	int signal; /* the one that asked */

	struct sandbox *sandbox; /* of run, check, evaluate and setup */
	struct cgroup_base cgroups;
	struct syscall_filter *filter;
	struct warden *warden;
	struct audit_policy rules; /* that every trial is held to; see sandbox/policy.h */
	struct trial_place place;  /* of all of the above; a lane has one of its own */
	struct network_allow network[NETWORK_NR]; /* resolved, each before its first use */
	struct lane *lanes; /* as many as jobs, and the desks; see lane.h */
	int lanes_nr, desks;
	struct race *race;	  /* NULL: there is none */
	int64_t experiments_left; /* at most so many more are wanted of this run, one at least */
	char policy[65];
	char *host;
	char machine[65]; /* digest of host and boot; "" where that is not known */

	char *warm; /* of the snapshot, below the store; NULL without setup */
	char warm_digest[65];
	double setup_time; /* s that setup took; 0: what it had left before was there */

	struct tried *tried;
	struct journal *journal;   /* of proposals without a record; NULL without a campaign */
	struct totals totals;	   /* after the newest record */
	struct recorded *recorded; /* those that search_publish() is to come for */
	size_t recorded_nr;
	struct {
		struct totals totals;
		double time, gpu_hours; /* `unrecorded` */
	} published;			/* before the first of those */
	bool unpublished;		/* that has failed, and nothing may follow */
	struct error why;
	struct timespec worked; /* since when, beyond what the totals say */
	/* Of the totals what no record counts yet; the next one will. */
	struct {
		double time, gpu_hours;
	} unrecorded;
	struct signs signs;	  /* of this run; see loop/watchdog.h */
	unsigned budgets_low;	  /* a bit for each that was warned of */
	struct metrics reference; /* of the constraints that are shares */
	struct team *team;	  /* who proposes; NULL: not yet found */
	/* The base that a person chose by hand, instead of this incumbent; "": none. */
	char from[OID_HEX_SIZE], from_incumbent[OID_HEX_SIZE];

	struct {
		int lanes;	       /* that wait for its end */
		struct timespec since; /* when the first of them began to */
		double counted;	       /* of all, at the newest record */
		bool complete;	       /* nothing runs any more, and the state says so */
		double seconds; /* that this run was paused, without a pause that lasts */
	} pause;		/* see pause.h */
	const struct watcher *watcher;
	int activity; /* the file of loop/activity.h; -1: there is none */
	bool waits;   /* it tells of an outage */
	int ticker;   /* timerfd for its tick; -1 */
};

/* Makes a struct that search_close() takes. */
void search_init(struct search *s);

/* The warden takes long to load. search_open() starts it; who has much to do before starts it
 * earlier. */
void search_start_warden(struct search *s);

/*
 * Opens what every use needs: repository settings, the config of `commit`, sandbox, cgroups, the
 * filter, the lanes, whose slots are in `path` (below the store). Warnings about the config go to
 * stderr.
 */
int search_open(struct search *s, struct repo *repo, const char *commit, const char *path,
		struct error *err);

/*
 * Opens a campaign to work on it: takes its lock, mends what a crash left, reads the newest
 * record and the incumbent's config, and opens the rest. Where the campaign is new its base
 * is HEAD, and the ledger branch is made with the baseline's record.
 *
 * A lock that another process has is an error with a hint.
 */
int search_open_campaign(struct search *s, struct repo *repo, const char *campaign,
			 struct error *err);

/* Where the campaign stands, by the newest record of s->ledger, into s->totals. */
int search_read_totals(struct search *s, struct error *err);

/* The commit that the next candidate is based on; before the baseline, what it measures; in a
 * replay, what was the incumbent. */
const char *search_incumbent(const struct search *s);

/* True where the incumbent has to be measured first: a new campaign, people committed, or it is
 * time to do so again (model/baseline.h). */
bool search_needs_baseline(const struct search *s);

/* Samples of a candidate: verdict.trials, or what the baseline settled; 0: nothing has. */
int search_trials(const struct search *s);

/* Puts into the record what its constraints are shares of. */
void search_refer(const struct search *s, struct record *r);

/* Adds GPU hours to the totals of trials that no record will be of; the next record counts them. */
void search_spend_gpus(struct search *s, double hours);

/*
 * Puts the incumbent in every slot and makes sure of its warm snapshot. 0; 1 where a person
 * cancelled it; -1, status 2 where setup fails.
 */
int search_prepare(struct search *s, struct error *err);

/* Tells `watcher` from now on what happens; it is borrowed. */
int search_watch(struct search *s, const struct watcher *watcher, struct error *err);

/* Takes the signals that came while nothing waited for events. */
void search_poll_signals(struct search *s);

/* Shows the end of a log to whoever watches. */
void search_tell_tail(struct search *s, const struct strbuf *log);

void search_close(struct search *s);
#define CLEANUP_SEARCH CLEANUP(search_close)

/* Reads the config (and program.md; NULL: not asked for) of a commit. 0; 1 where it has no
 * config, with the error that this is to most callers; -1. What the parser warns of is told
 * to those who ask for the program, since they are about to run it all. */
int config_of_commit(struct repo *repo, const char *commit, struct campaign_config *ret,
		     char **ret_program, struct error *err);

#endif
