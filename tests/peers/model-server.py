#!/usr/bin/env python3
"""
A model that says what a script says, for agents that are tested: an OpenAI-compatible server on
a loopback port that the kernel chooses. It speaks /v1/responses and /v1/chat/completions, and
Anthropic's /v1/messages, as a stream of events or whole, and knows nothing of what it is asked.

    model-server.py --port-file P --script S [--log L]

The script is a JSON array, which is read anew for each request. How many calls of tools a
conversation has had says which of its steps comes next; the last one comes again and again.

    {"run": "<shell command>"}      a call of the shell tool that the agent offers
    {"say": "<text>"}               a message, which ends the agent's turn
    {"status": 429, "error": {...}} an HTTP error with that body
    {"hang": true}                  nothing, until the client goes away

Any step may hold "usage": [prompt, cached, completion], in tokens. The log gets a line of JSON
for each request: its path, model, key, and how many bytes it had.
"""

import argparse
import http.server
import json
import os
import threading

SHELL_TOOLS = ("exec_command", "run_shell_command", "bash", "Bash", "shell")


def steps_taken(request):
    """How often a tool's output stands in the conversation."""
    items = request.get("input") or request.get("messages") or []
    blocks = [block for item in items if isinstance(item.get("content"), list) for block in item["content"]]
    return sum(item.get("type") == "function_call_output" or item.get("role") == "tool" for item in items) + sum(
        block.get("type") == "tool_result" for block in blocks)


def shell_call(request, command):
    """The name of the shell tool that is offered, and arguments that it takes."""
    for tool in request.get("tools", ()):
        tool = tool.get("function", tool)
        if tool.get("name") in SHELL_TOOLS:
            known = (tool.get("parameters") or tool["input_schema"])["properties"]
            arguments = {"cmd" if "cmd" in known else "command": command}
            arguments.update({k: v for k, v in (("description", "work"), ("is_background", False)) if k in known})
            return tool["name"], json.dumps(arguments)
    raise ValueError("no shell tool is offered")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def send_json(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin_events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def send_event(self, value, name=None):
        text = value if isinstance(value, str) else json.dumps(value)
        self.wfile.write(((f"event: {name}\n" if name else "") + f"data: {text}\n\n").encode())
        self.wfile.flush()

    def do_GET(self):
        self.send_json(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = json.loads(body)
        path = self.path.partition("?")[0]
        self.server.note({"path": path, "model": request.get("model"), "bytes": len(body),
                          "key": self.headers.get("X-Api-Key") or
                          self.headers.get("Authorization", "").removeprefix("Bearer ")})
        with open(self.server.script) as f:
            script = json.load(f)
        step = script[min(steps_taken(request), len(script) - 1)]
        if "status" in step:
            self.send_json(step["status"], {"error": step["error"]})
        elif "hang" in step:
            self.connection.recv(1)
            self.close_connection = True
        elif path.endswith("/responses"):
            self.answer_responses(request, step)
        elif path.endswith("/chat/completions"):
            self.answer_chat(request, step)
        elif path.endswith("/messages"):
            self.answer_messages(request, step)
        else:
            self.send_json(404, {"error": {"message": "no such path"}})

    def answer_responses(self, request, step):
        prompt, cached, completion = step.get("usage", (100, 60, 20))
        if "run" in step:
            name, arguments = shell_call(request, step["run"])
            item = {"type": "function_call", "id": "fc_1", "call_id": f"call_{steps_taken(request)}",
                    "name": name, "arguments": arguments, "status": "completed"}
        else:
            item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                    "content": [{"type": "output_text", "text": step["say"], "annotations": []}]}
        response = {"id": "resp_1", "object": "response", "model": request["model"], "status": "completed",
                    "output": [item],
                    "usage": {"input_tokens": prompt, "output_tokens": completion,
                              "total_tokens": prompt + completion,
                              "input_tokens_details": {"cached_tokens": cached},
                              "output_tokens_details": {"reasoning_tokens": 0}}}
        if not request.get("stream"):
            self.send_json(200, response)
            return
        self.begin_events()
        for kind, members in (
            ("response.created", {"response": {**response, "status": "in_progress", "output": []}}),
            ("response.output_item.added", {"output_index": 0, "item": item}),
            ("response.output_item.done", {"output_index": 0, "item": item}),
            ("response.completed", {"response": response}),
        ):
            self.send_event({"type": kind, **members}, kind)

    def answer_chat(self, request, step):
        prompt, cached, completion = step.get("usage", (100, 60, 20))
        if "run" in step:
            name, arguments = shell_call(request, step["run"])
            message = {"role": "assistant", "content": None,
                       "tool_calls": [{"index": 0, "id": f"call_{steps_taken(request)}", "type": "function",
                                       "function": {"name": name, "arguments": arguments}}]}
        else:
            message = {"role": "assistant", "content": step["say"]}
        finish = "tool_calls" if "run" in step else "stop"
        usage = {"prompt_tokens": prompt, "completion_tokens": completion,
                 "total_tokens": prompt + completion, "prompt_tokens_details": {"cached_tokens": cached}}
        base = {"id": "chatcmpl-1", "created": 0, "model": request["model"]}
        if not request.get("stream"):
            self.send_json(200, {**base, "object": "chat.completion", "usage": usage,
                                 "choices": [{"index": 0, "message": message, "finish_reason": finish}]})
            return
        base["object"] = "chat.completion.chunk"
        self.begin_events()
        self.send_event({**base, "choices": [{"index": 0, "delta": message, "finish_reason": None}]})
        self.send_event({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        self.send_event({**base, "choices": [], "usage": usage})
        self.send_event("[DONE]")

    def answer_messages(self, request, step):
        prompt, cached, completion = step.get("usage", (100, 60, 20))
        if "run" in step:
            name, arguments = shell_call(request, step["run"])
            block = {"type": "tool_use", "id": f"toolu_{steps_taken(request)}", "name": name}
            empty, delta = {"input": {}}, {"type": "input_json_delta", "partial_json": arguments}
            whole = {"input": json.loads(arguments)}
        else:
            block = {"type": "text"}
            empty, delta = {"text": ""}, {"type": "text_delta", "text": step["say"]}
            whole = {"text": step["say"]}
        stop = {"stop_reason": "tool_use" if "run" in step else "end_turn", "stop_sequence": None}
        usage = {"input_tokens": prompt - cached, "cache_read_input_tokens": cached,
                 "cache_creation_input_tokens": 0, "output_tokens": completion}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": request["model"], "usage": usage}
        if not request.get("stream"):
            self.send_json(200, {**message, **stop, "content": [{**block, **whole}]})
            return
        self.begin_events()
        for kind, members in (
            ("message_start", {"message": {**message, "content": [], "stop_reason": None, "stop_sequence": None,
                                           "usage": {**usage, "output_tokens": 0}}}),
            ("content_block_start", {"index": 0, "content_block": {**block, **empty}}),
            ("content_block_delta", {"index": 0, "delta": delta}),
            ("content_block_stop", {"index": 0}),
            ("message_delta", {"delta": stop, "usage": usage}),
            ("message_stop", {}),
        ):
            self.send_event({"type": kind, **members}, kind)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script, log):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script, self.log, self.lock = script, log, threading.Lock()

    def note(self, line):
        if self.log:
            with self.lock, open(self.log, "a") as f:
                f.write(json.dumps(line) + "\n")

    def handle_error(self, request, client_address):
        pass  # a client that went away


parser = argparse.ArgumentParser()
parser.add_argument("--port-file", required=True)
parser.add_argument("--script", required=True)
parser.add_argument("--log")
options = parser.parse_args()
server = Server(options.script, options.log)
with open(options.port_file + ".new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(options.port_file + ".new", options.port_file)
server.serve_forever()
