#!/usr/bin/python3
"""An OpenAI-compatible server that does everything a bad one can.

    fault-server.py [--unix PATH] [--tls DIR] [--script FILE] [--log FILE]

listens on a free port of 127.0.0.1, and prints "tcp PORT", "tls PORT", "unix PATH" for what it
listens on, then "ready". What it does with a request is the first part of its path:
POST /<fault>/v1/chat/completions, where <fault> is a function below, with "-" for "_". What is
sent to /v1/chat/completions gets the items of --script, a JSON list, in order, the last one for
ever: the name of a fault, or {"content": …} with "finish" and "usage" where wanted, in which FENCES
and FENCE stand for what fences data in the prompt. One with "for" goes to a request whose last
message holds that text, and one with "together" waits until so many requests of the script are being
answered. Without a script, a good answer. --log gets a line of JSON a request. DIR holds cert.pem
and key.pem, and client-ca.pem where clients need a
certificate. It ends when its standard input does, so that nobody has to kill it.
"""

import argparse
import email.utils
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

FAULTS = {}
COUNTS = {}
LOCK = threading.Lock()
TOGETHER = threading.Condition()


def fault(function):
    FAULTS[function.__name__.lstrip("_").replace("_", "-")] = function
    return function


def count(name):
    """How often this was called before, by that name."""
    with LOCK:
        COUNTS[name] = COUNTS.get(name, 0) + 1
        return COUNTS[name] - 1


class Request:
    """One request, and the connection that its answer goes to."""

    def __init__(self, connection, head, body):
        self.connection = connection
        line, *headers = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = line.split(" ", 2)
        self.headers = {}
        for header in headers:
            name, _, value = header.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self.body = json.loads(body) if body else {}
        self.fault = self.path.split("/")[1]

    def send(self, data):
        self.connection.sendall(data.encode() if isinstance(data, str) else data)

    def head(self, status=200, kind="text/event-stream", **headers):
        lines = ["HTTP/1.1 %d Whatever" % status, "Content-Type: " + kind, "Connection: close"]
        lines += ["%s: %s" % (k.replace("_", "-"), v) for k, v in headers.items()]
        self.send("\r\n".join(lines) + "\r\n\r\n")

    def answer(self, status, body, kind="application/json", **headers):
        """A whole answer, of known length."""
        body = body if isinstance(body, (str, bytes)) else json.dumps(body)
        data = body.encode() if isinstance(body, str) else body
        self.head(status, kind, Content_Length=len(data), **headers)
        self.send(data)

    def parameters(self):
        """The request's parameters by name, so that a test sees which ones came."""
        return " ".join(sorted(set(self.body) - {"model", "messages", "stream"}))

    def replayed(self, content):
        """With the lines that fence data in the prompt for FENCES, and the last one for FENCE."""
        lines = [line for m in self.body.get("messages", []) for line in m["content"].split("\n")
                 if line.startswith(("<data ", "</data "))]
        return content.replace("FENCES", "\n".join(lines)).replace("FENCE", lines[-1] if lines else "")

    def usage(self):
        size = sum(len(m["content"].encode()) for m in self.body.get("messages", []))
        return {"prompt_tokens": size // 4 + 8, "completion_tokens": 7,
                "prompt_tokens_details": {"cached_tokens": 3}}

    def stream(self, content=None, finish="stop", usage=True, done=True, send=None):
        """The events of a good stream, a word each."""
        send = send or (lambda text: self.send(text))
        words = (self.parameters() if content is None else content).split(" ")
        for i, word in enumerate(words):
            send(event(chunk(" " * (i > 0) + word)))
        send(event(chunk("", finish)))
        if usage and "stream_options" in self.body:
            total = self.usage() if usage is True else usage
            send(event({"model": "fault-1", "choices": [], "usage": total}))
        if done:
            send("data: [DONE]\n\n")


def chunk(content, finish=None):
    return {"model": "fault-1", "choices": [{"index": 0, "delta": {"content": content},
                                             "finish_reason": finish}]}


def event(value):
    return "data: %s\n\n" % json.dumps(value, ensure_ascii=False)


def forever(request, data):
    """Ten gigabytes."""
    for _ in range(10 << 30 >> 16):
        request.send(data * ((1 << 16) // len(data)))


# What good servers do, each in its way.

@fault
def good(r):
    r.head()
    r.stream()


@fault
def chunked(r):
    r.head(Transfer_Encoding="chunked")
    r.stream(send=lambda text: r.send("%x\r\n%s\r\n" % (len(text.encode()), text)))
    r.send("0\r\n\r\n")


@fault
def dialect(r):
    """A byte order mark, CRLF, comments, names, data of several lines."""
    r.head()
    r.send("\ufeff: hello\r\n\r\nevent: message\r\nid: 1\r\n")
    r.send('data: {"choices": [{"delta":\r\ndata: {"content": "two lines"}}]}\r\n\r\n: ping\r\n\r\n')
    r.send("data:\r\n\r\n")
    r.send(event(chunk("", "stop")).replace("\n", "\r\n") + "data: [DONE]\r\n\r\n")


@fault
def split(r):
    """Every byte in a packet of its own: also those of one character."""
    r.head()
    whole = []
    r.stream("5 \u20ac \U0001f600", usage=False, send=whole.append)
    r.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in "".join(whole).encode():
        r.send(bytes([byte]))
        time.sleep(0.0002)


@fault
def whole(r):
    r.answer(200, {"model": "fault-1", "usage": r.usage(), "choices": [
        {"message": {"role": "assistant", "content": "whole " + r.parameters()},
         "finish_reason": "stop"}]})


@fault
def parts(r):
    """Content as a list, in which the reasoning stands as well."""
    r.answer(200, {"choices": [{"finish_reason": "stop", "message": {"content": [
        {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "said"}]}}]})


@fault
def reasoning(r):
    r.head()
    r.send(event({"choices": [{"delta": {"reasoning_content": "hm", "content": None}}]}))
    r.stream("said")


@fault
def length(r):
    r.head()
    r.stream("cut off", finish="length")


@fault
def declined(r):
    r.head()
    r.send(event({"choices": [{"delta": {"refusal": "I will not"}, "finish_reason": "stop"}]}))
    r.send("data: [DONE]\n\n")


@fault
def no_usage(r):
    r.head()
    r.stream("twelve bytes", usage=False)


@fault
def zero_usage(r):
    r.head()
    r.stream("twelve bytes", usage={"prompt_tokens": 0, "completion_tokens": 0})


@fault
def slow_first_byte(r):
    time.sleep(0.2)
    r.head()
    time.sleep(0.2)
    r.stream("slow")


@fault
def keys(r):
    """Says how often the redirect was followed."""
    r.head()
    r.stream("%d" % COUNTS.get("leak", 0))


# What bad ones do to the stream.

@fault
def no_done(r):
    r.head()
    r.stream("no mark", done=False)


@fault
def no_done_hang(r):
    r.head()
    r.stream("no mark", done=False)
    time.sleep(60)


@fault
def done_hang(r):
    r.head()
    r.stream("mark")
    time.sleep(60)


@fault
def half_character(r):
    """Half of a sequence inside of a text, as whoever cuts tokens by bytes sends it."""
    r.head()
    r.send(b'data: {"choices":[{"delta":{"content":"a\xe2\x82"}}]}\n\n')
    r.stream("b")


@fault
def half_character_at_end(r):
    r.head()
    r.stream("whole", done=False)
    r.send(b'data: {"choices":[{"delta":{"content":"\xe2\x82')


@fault
def cut(r):
    """The first answer ends in the middle; so does an event."""
    r.head()
    if count("cut"):
        return r.stream("again")
    r.send(event(chunk("half of")) + 'data: {"choices":[{"del')


@fault
def cut_with_length(r):
    if count("cut-with-length"):
        return good(r)
    r.head(Content_Length=100000)
    r.send(event(chunk("half of")))


@fault
def duplicate_keys(r):
    r.head()
    r.send('data: {"choices":[{"delta":{"content":"a","content":"b"}}]}\n\n')


@fault
def not_json(r):
    r.head()
    r.send("data: {'choices': []}\n\n")


@fault
def labelled_json(r):
    r.head(kind="application/json")
    r.stream("a stream")


@fault
def labelled_stream(r):
    r.answer(200, {"choices": [{"message": {"content": "whole"}}]}, "text/event-stream")


@fault
def truncated(r):
    r.head()
    r.stream("what?", usage={"prompt_tokens": 64, "completion_tokens": 5})


@fault
def page(r):
    r.answer(200, "<!DOCTYPE html><html><title>Log in\n to the network</title></html>", "text/html")


@fault
def words(r):
    r.answer(200, "It works!", "text/plain")


@fault
def nothing(r):
    if count("nothing"):
        return good(r)
    r.answer(200, "")


@fault
def other_json(r):
    r.answer(200, {"status": "ok"})


# Errors, in every shape and at every place.

def once(r, status, body, kind="application/json", **headers):
    """The first time; a script says itself what comes next."""
    if r.fault != "v1" and count(r.fault):
        return good(r)
    r.answer(status, body, kind, **headers)


@fault
def _408(r):
    once(r, 408, "timeout", "text/plain")


@fault
def _429(r):
    once(r, 429, {"error": {"message": "slow down", "type": "rate_limit"}}, Retry_After="0.1")


@fault
def _429_date(r):
    once(r, 429, {"error": "slow down"}, Retry_After=email.utils.formatdate(time.time() + 0.2, usegmt=True))


@fault
def _429_for_ever(r):
    r.answer(429, {"error": "slow down"}, Retry_After="86400")


@fault
def _500(r):
    once(r, 500, {"error": {"message": "CUDA out of memory", "code": 500}})


@fault
def _502(r):
    once(r, 502, "<html><head><title>502 Bad Gateway</title></head></html>", "text/html")


@fault
def _503(r):
    once(r, 503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}})


@fault
def _503_for_ever(r):
    r.answer(503, {"error": {"message": "Loading model", "code": 503}})


@fault
def _400_openai(r):
    r.answer(400, {"error": {"message": "bad\nthing\u001b[31m", "type": "invalid_request_error"}})


@fault
def _400_string(r):
    r.answer(400, {"error": "bad thing"})


@fault
def _400_detail(r):
    r.answer(400, {"detail": "bad thing"})


@fault
def _400_message(r):
    r.answer(400, {"object": "error", "message": "bad thing", "code": 400})


@fault
def _400_list(r):
    r.answer(400, [{"error": {"message": "bad thing", "status": "INVALID_ARGUMENT"}}])


@fault
def _400_text(r):
    r.answer(400, "bad thing\n", "text/plain")


@fault
def _400_page(r):
    r.answer(400, "<html><TITLE>bad thing</TITLE>", "text/html")


@fault
def _400_empty(r):
    r.answer(400, "")


@fault
def _401(r):
    r.answer(401, {"error": {"message": "Incorrect API key provided: %s"
                             % r.headers.get("authorization", "none")}})


@fault
def _403(r):
    r.answer(403, "Forbidden", "text/plain")


@fault
def _404_model(r):
    r.answer(404, {"error": {"message": 'model "m" not found, try pulling it first'}})


@fault
def _404_path(r):
    r.answer(404, "404 page not found", "text/plain")


@fault
def lm_studio(r):
    r.answer(200, {"error": "Unexpected endpoint or method. (POST /chat/completions)"})


@fault
def context(r):
    r.answer(400, {"error": {"message": "This model's maximum context length is 4096 tokens. However, "
                             "your messages resulted in 5000, and max_tokens is 100.",
                             "code": "context_length_exceeded"}})


@fault
def context_500(r):
    r.answer(500, {"error": {"code": 500, "message": "the request exceeds the available context size"}})


@fault
def context_in_stream(r):
    """As llama.cpp had it: a field that the standard does not know."""
    r.head()
    r.send('error: {"code":400,"message":"the request exceeds the available context size",'
           '"type":"exceed_context_size_error"}\n\ndata: [DONE]\n\n')


@fault
def error_in_stream(r):
    r.head()
    if count("error-in-stream"):
        return r.stream("again")
    r.send(event(chunk("half of")) + event({"error": {"message": "worker died", "type": "server_error"}}))


@fault
def error_event(r):
    r.head()
    r.send(event(chunk("half of")) + 'event: error\ndata: {"message": "quota", "code": "insufficient_quota"}\n\n')


@fault
def max_tokens(r):
    if "max_tokens" in r.body:
        return r.answer(400, {"error": {
            "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead.", "param": "max_tokens", "code": "unsupported_parameter"}})
    good(r)


@fault
def picky(r):
    """Refuses one after the other, each in another shape, until nothing is left."""
    if "stream_options" in r.body:
        return r.answer(400, {"error": {"message": "Unrecognized request argument supplied: stream_options"}})
    if "seed" in r.body:
        return r.answer(422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"],
                                          "msg": "Extra inputs are not permitted"}]})
    if "temperature" in r.body:
        return r.answer(400, {"error": {"message": "Unsupported value: 'temperature' does not support 0.5"}})
    if "max_tokens" in r.body or "max_completion_tokens" in r.body:
        return r.answer(400, {"message": "unknown field: max_tokens, max_completion_tokens"})
    r.head()
    r.stream("nothing left")


@fault
def never_content(r):
    """Refuses what was not sent, for ever."""
    count("never-content")
    r.answer(400, {"error": {"message": "'top_p' is not supported"}})


@fault
def key_in_answer(r):
    r.head()
    r.stream("your header: " + r.headers.get("authorization", "none"))


@fault
def redirect(r):
    r.answer(307, "", Location="http://%s/leak/v1/chat/completions" % r.headers["host"])


@fault
def leak(r):
    count("leak")
    good(r)


# What bad ones do to the connection.

@fault
def hang_headers(r):
    r.send("HTTP/1.1 200 OK\r\nContent-Ty")
    time.sleep(60)


@fault
def hang_before_headers(r):
    time.sleep(60)


@fault
def hang_first_byte(r):
    r.head()
    time.sleep(60)


@fault
def hang_in_stream(r):
    r.head()
    r.send(event(chunk("half of")))
    time.sleep(60)


@fault
def hang_once(r):
    if not count("hang-once"):
        time.sleep(60)
    good(r)


@fault
def trickle(r):
    """Never silent, and never done."""
    r.head()
    while True:
        r.send(": wait\n\n")
        time.sleep(0.05)


@fault
def reset(r):
    if count("reset"):
        return good(r)
    r.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@fault
def close(r):
    count("close")


@fault
def garbage(r):
    r.send(b"\x00\xff\x16\x03 220 smtp ready\r\n\r\n" * 100)


@fault
def chunked_garbage(r):
    r.head(Transfer_Encoding="chunked")
    r.send("5\r\ndata:\r\nzz\r\nnonsense\r\n-1\r\n")


@fault
def huge(r):
    r.head()
    forever(r, event(chunk("blah " * 100)).encode())


@fault
def huge_whole(r):
    r.head(kind="application/json")
    r.send('{"choices": [{"message": {"content": "')
    forever(r, b"blah ")


@fault
def huge_line(r):
    r.head()
    r.send("data: ")
    forever(r, b"blah ")


@fault
def huge_headers(r):
    r.send("HTTP/1.1 200 OK\r\n")
    forever(r, b"X-Blah: blah\r\n")


@fault
def huge_error(r):
    r.head(400, "text/plain")
    r.send("bad thing. ")
    forever(r, b"blah ")


def wait_for_others(number):
    """True when `number` wait here at the same time, or did."""
    with TOGETHER:
        waiting = COUNTS["waiting"] = COUNTS.get("waiting", 0) + 1
        TOGETHER.notify_all()
        met = TOGETHER.wait_for(lambda: COUNTS["waiting"] > (waiting - 1) // number * number + number - 1, 60)
    return met


def scripted(script, request):
    """The next item of the script that is for this request, as a function."""
    said = request.body["messages"][-1]["content"]
    with LOCK:
        nth = next((i for i, item in enumerate(script)
                    if isinstance(item, str) or item.get("for", "") in said), -1)
        item = script.pop(nth) if len(script) > 1 else script[0]
    if isinstance(item, str):
        return FAULTS[item]

    def play(r):
        if not wait_for_others(item.get("together", 1)):
            r.answer(400, "nobody else asks", "text/plain")
            return
        r.head()
        r.stream(r.replayed(item["content"]), item.get("finish", "stop"), item.get("usage", True))
    return play


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    return Request(connection, head, body)


def serve(connection, options):
    try:
        if options.tls_context:
            connection = options.tls_context.wrap_socket(connection, server_side=True)
        request = read_request(connection)
        if not request:
            return
        if options.log:
            with LOCK, open(options.log, "a", encoding="utf-8") as log:
                log.write(json.dumps({"path": request.path, "body": request.body, "authorization":
                                      request.headers.get("authorization")}) + "\n")
        if request.fault == "v1":
            scripted(options.script or ["good"], request)(request)
        elif request.fault in FAULTS:
            FAULTS[request.fault](request)
        else:
            request.answer(404, "no such fault", "text/plain")
    except OSError:
        pass  # they hung up, which is what most of the faults are for
    finally:
        connection.close()


def listen(listener, options):
    listener.listen(64)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, options), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def on_loopback():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


def tls_context(directory):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(directory, "cert.pem"), os.path.join(directory, "key.pem"))
    clients = os.path.join(directory, "client-ca.pem")
    if os.path.exists(clients):
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def main():
    parser = argparse.ArgumentParser()
    for option in "unix", "tls", "script", "log":
        parser.add_argument("--" + option)
    options = parser.parse_args()
    options.tls_context = None
    if options.script:
        with open(options.script, encoding="utf-8") as script:
            options.script = json.load(script)
    listener = on_loopback()
    print("tcp", listener.getsockname()[1])
    listen(listener, options)
    if options.unix:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(options.unix)
        print("unix", options.unix)
        listen(listener, options)
    if options.tls:
        listener = on_loopback()
        with_tls = argparse.Namespace(**vars(options))
        with_tls.tls_context = tls_context(options.tls)
        print("tls", listener.getsockname()[1])
        listen(listener, with_tls)
    print("ready", flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


main()
