#include "loop/agent.h"

#include <stdlib.h>
#include <string.h>

#include "loop/measure.h"
#include "loop/model.h"
#include "loop/network.h"
#include "loop/program.h"
#include "propose/endpoint.h"

#define ADAPTER_FILE_MAX (64 << 10)

static int unknown(const char *name, struct error *err)
{
	CLEANUP_STRBUF struct strbuf names = STRBUF_INIT;

	for (const char *const *p = adapter_names(); *p; p++)
		strbuf_addf(&names, ", %s", *p);
	error_set(err, "there is no proposer '%s'", name);
	return error_hint(err, "one of sweep, endpoint, command%s; or the path of an adapter",
			  names.buf);
}

/* A word is one of ours, a path somebody else's. */
static int read_adapter(const char *name, struct adapter *ret, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_FREE char *word = NULL;
	const char *base = strrchr(name, '/');
	int missing;

	if (!base) {
		missing = adapter_builtin(name, ret, err);
		return missing > 0 ? unknown(name, err) : missing;
	}
	if (strbuf_read_file(&text, name, ADAPTER_FILE_MAX))
		return error_errno(err, "cannot read the adapter '%s'", name);
	base++;
	word = xstrndup(base, strlen(base) - (ends_with(base, ".conf") ? strlen(".conf") : 0));
	return adapter_parse(word, name, text.buf, text.len, ret, err);
}

static int not_found(const char *word, const char *install, struct error *err)
{
	error_set(err, "cannot find the proposer '%s'", word);
	if (install)
		return error_hint(err, "%s; or put it on PATH", install);
	return error_hint(err, "give it by an absolute path, or put it on PATH, and make it "
			       "executable");
}

/* The port of a base URL that was parsed is behind the last colon of its name. */
static bool is_allowed(const struct network_allow *allowed, const struct endpoint *endpoint)
{
	const char *colon = strrchr(endpoint->name, ':');
	size_t len = (size_t)(colon - endpoint->name);
	CLEANUP_FREE char *host = xstrndup(endpoint->name, len);

	/* An IPv6 address is in brackets there. */
	if (*host == '[') {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
	for (size_t i = 0; i < allowed->nr; i++) {
		const struct network_address *a = &allowed->items[i];

		if (a->port == atoi(colon + 1) && !strcmp(a->host, host))
			return true;
	}
	return allowed->open;
}

/* An endpoint that its sandbox cannot reach would be found out after a long wait. `ret_name`
 * becomes its name; NULL where none is configured. */
static int check_endpoint(const struct settings *settings, char **ret_name, struct error *err)
{
	CLEANUP_ENDPOINT struct endpoint endpoint = { 0 };

	if (!settings->endpoint || !*settings->endpoint)
		return 0;
	if (endpoint_parse(settings->endpoint, &endpoint, err))
		return error_context(err, "autoresearch.endpoint");
	if (endpoint.unix_socket) {
		error_set(err, "an agent cannot reach a UNIX socket, as autoresearch.endpoint "
			       "names one");
		return error_hint(err, "let the server listen on 127.0.0.1, too");
	}
	if (!is_allowed(&settings->network[NETWORK_PROPOSER], &endpoint)) {
		error_set(err, "the agent's sandbox may not reach the endpoint %s",
			  endpoint.name);
		return error_hint(err, "git config --add autoresearch.proposerNetwork %s",
				  endpoint.name);
	}
	*ret_name = steal_ptr(endpoint.name);
	return 0;
}

static void add_variable(struct proposer *p, const char *name, const char *value)
{
	CLEANUP_FREE char *pair = NULL;

	if (!value || !*value)
		return;
	pair = xstrfmt("%s=%s", name, value);
	string_list_add(&p->agent->env, pair);
	explicit_bzero(pair, strlen(pair));
}

/* The key goes from one variable to another, and nowhere else. */
static int add_key(struct proposer *p, struct error *err)
{
	if (model_find_key(&p->s->settings, &p->agent->key, err))
		return -1;
	if (p->agent->adapter.key)
		add_variable(p, p->agent->adapter.key, p->agent->key);
	return 0;
}

/* What it looks for on PATH by itself, and cannot find on that of the sandbox. */
static int add_need(struct proposer *p, const char *word, struct strbuf *path,
		    struct error *err)
{
	CLEANUP_FREE char *program = program_find(NULL, word);

	if (!program) {
		error_set(err, "the agent '%s' needs '%s', which is not on PATH",
			  p->agent->adapter.name, word);
		return error_hint(err, "install it, or put it on PATH");
	}
	if (program_is_of_the_system(program))
		return 0;
	program_show(p, program);
	*strrchr(program, '/') = '\0';
	strbuf_addf(path, "%s:", program);
	return 0;
}

static int add_needs(struct proposer *p, const char *program, struct error *err)
{
	const struct string_list *needs = &p->agent->adapter.needs;
	CLEANUP_FREE char *interpreter = program_interpreter(program);
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;

	if (interpreter && add_need(p, interpreter, &path, err))
		return -1;
	for (size_t i = 0; i < needs->nr; i++)
		if (add_need(p, needs->items[i], &path, err))
			return -1;
	strbuf_addstr(&path, PATH_INSIDE);
	add_variable(p, "PATH", path.buf);
	return 0;
}

static int find_agent(struct proposer *p, struct error *err)
{
	CLEANUP_FREE char *program = NULL, *endpoint = NULL;
	const struct adapter *a;

	p->agent = xcalloc(1, sizeof(*p->agent));
	if (read_adapter(p->kind, &p->agent->adapter, err))
		return -1;
	a = &p->agent->adapter;
	program = program_find(NULL, a->program);
	if (!program)
		return not_found(a->program, a->install, err);
	if (add_needs(p, program, err) || check_endpoint(&p->s->settings, &endpoint, err) ||
	    add_key(p, err))
		return -1;
	p->agent->endpoint = endpoint ? steal_ptr(endpoint) : xstrdup(a->name);
	program_show(p, program);
	add_variable(p, "AUTORESEARCH_AGENT", program);
	add_variable(p, "AUTORESEARCH_ENDPOINT", p->s->settings.endpoint);
	add_variable(p, "AUTORESEARCH_MODEL", p->model_name);
	p->command = xstrdup(a->command);
	return 0;
}

static int find_command(struct proposer *p, struct error *err)
{
	const char *colon = strchr(p->name, ':');
	const char *command = colon ? colon + 1 : p->s->settings.proposer_command;
	CLEANUP_FREE char *word = NULL, *program = NULL;
	size_t len;

	if (!command || !*command) {
		error_set(err, "the proposer is a command, but none is configured");
		return error_hint(err, "git config autoresearch.proposerCommand <program>");
	}
	len = strcspn(command, " \t");
	word = xstrndup(command, len);
	program = program_find(repo_workdir(p->s->repo), word);
	if (!program)
		return not_found(word, NULL, err);
	program_show(p, program);
	p->command = xstrfmt("'%s'%s", program, command + len);
	return 0;
}

int agent_find(struct proposer *p, struct error *err)
{
	struct search *s = p->s;
	struct network_allow *network = &s->network[NETWORK_PROPOSER];

	agent_release(p);
	for (size_t i = 0; i < s->settings.binds.nr; i++)
		string_list_add(&p->binds, s->settings.binds.items[i]);
	network_show_resolver(&s->settings.network[NETWORK_PROPOSER], &p->binds);
	if (strcmp(p->kind, "command") ? find_agent(p, err) : find_command(p, err))
		return -1;
	/* All of them may reach the same. */
	network_allow_release(network);
	return network_resolve(&s->settings, NETWORK_PROPOSER, network, err);
}

void agent_examine(const struct settings *settings, const char *kind, struct probes *ret)
{
	CLEANUP_ADAPTER struct adapter adapter = { 0 };
	CLEANUP_FREE char *program = NULL, *endpoint = NULL, *detail = NULL;
	const struct network_allow *network = &settings->network[NETWORK_PROPOSER];
	struct error err = ERROR_INIT;
	bool reaches;

	if (read_adapter(kind, &adapter, &err)) {
		probes_add(ret, "agent", false, err.message, err.hint);
		return;
	}
	program = program_find(NULL, adapter.program);
	if (!program) {
		not_found(adapter.program, adapter.install, &err);
		probes_add(ret, "agent", false, err.message, err.hint);
	} else {
		detail = xstrfmt("%s, %s", adapter.name, program);
		probes_add(ret, "agent", true, detail, NULL);
	}
	if (check_endpoint(settings, &endpoint, &err)) {
		probes_add(ret, "agent's model", false, err.message, err.hint);
		return;
	}
	/* One that takes no key asks nobody. */
	reaches = network->open || network->nr || !adapter.key;
	free(detail);
	detail = xstrfmt("%s; of the network it may reach %s",
			 endpoint ? endpoint : "its maker's, since no endpoint is configured",
			 network->open ? "all"
			 : network->nr ? "what autoresearch.proposerNetwork names"
				       : "nothing");
	probes_add(ret, "agent's model", reaches, detail,
		   reaches ? NULL : "git config autoresearch.proposerNetwork <host>:443");
}

static void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	adapter_release(&agent->adapter);
	for (size_t i = 0; i < agent->env.nr; i++)
		explicit_bzero(agent->env.items[i], strlen(agent->env.items[i]));
	string_list_release(&agent->env);
	if (agent->key)
		explicit_bzero(agent->key, strlen(agent->key));
	free(agent->key);
	free(agent->endpoint);
	free(agent);
}

void agent_release(struct proposer *p)
{
	agent_free(steal_ptr(p->agent));
	string_list_release(&p->binds);
	free(steal_ptr(p->command));
	sandbox_free(steal_ptr(p->sandbox));
}
