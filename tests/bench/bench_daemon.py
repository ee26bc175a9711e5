#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""bench_daemon.py BUILD: the daemon with many domains, against the targets of PERFORMANCE.md.

Memory, start and a scrape are of the daemon alone; GET /status/{domain} is compared with nginx that
serves a file of the same size, in turns, from the same processor.  BENCH_DAEMON_DOMAINS (100000) makes it shorter.
"""
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

BUILD = sys.argv[1] if len(sys.argv) > 1 else 'build'
DOMAINS = int(os.environ.get('BENCH_DAEMON_DOMAINS', '100000'))
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '5'))
PORT = int(os.environ.get('BENCH_PORT', '5399'))
HTTP, NGINX = PORT + 1, PORT + 2
# Left out of the catalog, so that 13 questions a domain remain.
NOT_ASKED = {'autodiscover-srv', 'sip-tls', 'sip', 'lyncdiscover', 'msoid', 'avd'}
table = []


def row(what, value, unit, target=None, good=None):
    table.append((what, value, unit, target or '', '' if good is None else 'met' if good else 'MISSED'))


def catalog(path):
    """The shipped catalog without some of its records."""
    blocks = re.split(r'(?m)^(?=record ")', open('etc/catalog.conf', encoding='utf-8').read())
    with open(path, 'w', encoding='utf-8') as f:
        f.write(blocks[0] + ''.join(b for b in blocks[1:] if b.split('"')[1] not in NOT_ASKED))


def config(tmp, name, domains, detail):
    path = os.path.join(tmp, name + '.conf')
    with open(path, 'w', encoding='utf-8') as f:
        f.write(f'resolvers = {{}}\ndatabase = "{tmp}/{name}.db"\nauthorities = none\nconfirm = 1\nmetrics = {detail}\n'
                f'catalog = "{tmp}/catalog.conf"\nlisten = {{"127.0.0.1:{HTTP}"}}\n')
        for i in range(1, 9):
            f.write(f'resolver "r{i}" {{ address = {{"127.53.0.{i}:{PORT}"}} }}\n')
        for i in range(domains):
            f.write(f'domain "d{i:05d}.test" {{ verification = "MS=ms12345678" services = {{"exchange"}} }}\n')
    return path


def get(path, **headers):
    with urllib.request.urlopen(urllib.request.Request(f'http://127.0.0.1:{HTTP}{path}', headers=headers), timeout=60) as r:
        return r.read()


def stall_ms():
    """The longest turn of the loop since the start, as the daemon says itself, and how many were over 5 ms."""
    text = get('/metrics').decode()
    worst = float(re.search(r'(?m)^m365dnsd_loop_stall_seconds (\S+)', text).group(1)) * 1000
    short, every = (int(re.search(r'(?m)^m365dnsd_loop_turn_seconds_bucket\{le="%s"\} (\d+)' % le, text).group(1))
                    for le in ('0.005', r'\+Inf'))
    return worst, every - short


def loaded_at():
    return json.loads(get('/status?limit=1'))['daemon']['config']['loaded_at']


def processor(pid):
    """Seconds of processor time."""
    with open(f'/proc/{pid}/stat', encoding='ascii') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Daemon:
    """m365dnsd with a filled store, from exec to /-/ready."""

    def __init__(self, conf):
        self.p = subprocess.Popen([f'{BUILD}/m365dnsd', '-c', conf, '--quiet'], stderr=subprocess.DEVNULL)
        began = time.monotonic()
        while True:
            try:
                get('/-/ready')
                break
            except OSError:
                if self.p.poll() is not None:
                    sys.exit('bench_daemon: the daemon ended')
                time.sleep(0.01)
        self.ready = time.monotonic() - began
        self.cpu = self.processor()

    def processor(self):
        return processor(self.p.pid)

    def rss_mb(self):
        with open(f'/proc/{self.p.pid}/status', encoding='ascii') as f:
            return int(re.search(r'VmRSS:\s+(\d+) kB', f.read()).group(1)) * 1024 / 1e6

    def settle(self):
        """Until the roll-ups after the start are done: an idle second."""
        while True:
            before = self.processor()
            time.sleep(1)
            if self.processor() - before < 0.2:
                return

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        self.p.wait()


def fill(conf, age):
    out = subprocess.run([f'{BUILD}/bench/bench_fill', conf, str(age)], check=True, capture_output=True, text=True).stdout
    return dict(x.split('=') for x in out.split()[1:])


def many(tmp):
    """All domains, and all of them overdue: their negative answers are older than their TTL."""
    conf = config(tmp, 'many', DOMAINS, 'records')
    made = fill(conf, 600)
    d = Daemon(conf)
    at_ready = d.rss_mb()
    worst = 0
    for _ in range(20):         # while the overdue ones are asked and everything is rolled up
        began = time.monotonic()
        get('/-/healthy')
        worst = max(worst, time.monotonic() - began)
        time.sleep(0.25)
    rss = max(at_ready, d.rss_mb())
    what = f'{DOMAINS} domains x {made["questions"]} questions x {made["resolvers"]} resolvers'
    row(f'{what}: memory', f'{rss:.0f}', 'MB', '<= 400', rss <= 400)
    row('  a domain', f'{rss * 1e6 / DOMAINS:.0f}', 'bytes')
    row('  exec to /-/ready', f'{d.ready:.2f}', 's', '< 5', d.ready < 5)
    row('  of that processor time', f'{d.cpu:.2f}', 's')
    row('  worst answer of /-/healthy, all overdue', f'{worst * 1000:.0f}', 'ms')
    d.settle()
    held, _ = stall_ms()
    row('  longest turn of the loop meanwhile', f'{held:.1f}', 'ms')
    d.stop()


def scrape(tmp):
    conf = config(tmp, 'scrape', 10000, 'domains')
    fill(conf, 0)
    d = Daemon(conf)
    d.settle()
    get('/metrics')
    _, before = stall_ms()
    for how in ('', 'gzip'):
        times = []
        cpu = d.processor()
        for _ in range(ROUNDS):
            began = time.monotonic()
            size = len(get('/metrics', **{'Accept-Encoding': how or 'identity'}))
            times.append((time.monotonic() - began) * 1000)
        cpu = (d.processor() - cpu) / ROUNDS * 1000
        took = statistics.median(times)
        row(f'GET /metrics, 10000 domains, {size / 1e6:.1f} MB {how}', f'{took:.0f}', 'ms', '< 100', took < 100)
        row('  of that processor time', f'{cpu:.0f}', 'ms')
    held, after = stall_ms()
    row('  turns of the loop over 5 ms meanwhile', f'{after - before}', '', '0', after == before)
    row('  the longest since the start', f'{held:.1f}', 'ms')
    if missing := [x for x in ('nginx', 'wrk') if not shutil.which(x, path=os.environ['PATH'] + ':/usr/sbin')]:
        print(f'bench_daemon: no {" and no ".join(missing)}: nothing to compare GET /status with')
    else:
        against_nginx(tmp, d)
    d.stop()


def reloading(tmp):
    """A reload with another catalog: all domains follow it, a few a turn.  What changes is a text, or what every domain wants."""
    conf = config(tmp, 'reload', 10000, 'domains')
    fill(conf, 0)
    d = Daemon(conf)
    d.settle()
    for what, old, new in (('of the same records', '# ', '#  '), ('that wants something else', 'include:spf.', 'include:spf2.')):
        with open(f'{tmp}/catalog.conf', encoding='utf-8') as f:
            text = f.read().replace(old, new)
        with open(f'{tmp}/catalog.conf', 'w', encoding='utf-8') as f:
            f.write(text)
        before, (_, long_before) = loaded_at(), stall_ms()
        cpu, began, worst = d.processor(), time.monotonic(), 0
        d.p.send_signal(signal.SIGHUP)
        while True:
            asked = time.monotonic()
            get('/-/healthy')
            worst = max(worst, time.monotonic() - asked)
            if loaded_at() != before:
                break
            time.sleep(0.01)
        row(f'reload of 10000 domains, a catalog {what}', f'{time.monotonic() - began:.1f}', 's')
        row('  of that processor time', f'{d.processor() - cpu:.2f}', 's')
        row('  worst answer of /-/healthy meanwhile', f'{worst * 1000:.0f}', 'ms')
        d.settle()
        held, long_after = stall_ms()
        row('  turns of the loop over 5 ms, with what is asked anew', f'{long_after - long_before}', '')
        row('  the longest since the start', f'{held:.1f}', 'ms')
    d.stop()


def wrk(port, path, *args):
    out = subprocess.run(['wrk', '-t1', '-c64', '-d3', *args, f'http://127.0.0.1:{port}{path}'], check=True,
                         capture_output=True, text=True).stdout
    if 'Non-2xx' in out:
        sys.exit(out)
    return float(re.search(r'Requests/sec:\s+(\S+)', out).group(1))


def against_nginx(tmp, d):
    path = '/status/d00001.test'
    os.mkdir(f'{tmp}/www')
    with open(f'{tmp}/www/file.json', 'wb') as f:
        f.write(get(path))
    with open(f'{tmp}/nginx.conf', 'w', encoding='utf-8') as f:
        f.write(f'daemon off; worker_processes 1; pid {tmp}/nginx.pid; error_log /dev/null;\n'
                'events { worker_connections 512; }\n'
                f'http {{ access_log off; sendfile on; types {{ application/json json; }}\n'
                f'server {{ listen 127.0.0.1:{NGINX}; root {tmp}/www; }}\n'
                + ''.join(f'{x}_temp_path {tmp}/{x};\n' for x in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi')) + '}\n')
    nginx = subprocess.Popen([shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin'), '-c', f'{tmp}/nginx.conf'],
                             stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    worker = subprocess.run(['pgrep', '-P', str(nginx.pid)], capture_output=True, text=True).stdout.split()[0]
    ours, theirs, costs = [], [], []
    for _ in range(ROUNDS):
        began = processor(d.p.pid)
        ours.append(wrk(HTTP, path))
        mine = (processor(d.p.pid) - began) / ours[-1]
        began = processor(worker)
        theirs.append(wrk(NGINX, '/file.json'))
        costs.append((processor(worker) - began) / theirs[-1] / mine)
    nginx.terminate()
    nginx.wait()
    ratio = statistics.median(a / b for a, b in zip(ours, theirs))
    size = os.path.getsize(f'{tmp}/www/file.json')
    row(f'GET /status/{{domain}}, {size / 1000:.0f} kB, of nginx with a file', f'{ratio:.2f}', '', '>= 0.8', ratio >= 0.8)
    row('  by processor time a request', f'{statistics.median(costs):.2f}', '')
    row('  a second, this and nginx', f'{statistics.median(ours):.0f}, {statistics.median(theirs):.0f}', '')


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..'))
    with tempfile.TemporaryDirectory() as tmp:
        os.chmod(tmp, 0o755)    # for a worker of nginx
        catalog(f'{tmp}/catalog.conf')
        resolvers = subprocess.Popen([f'{BUILD}/bench/bench_server', str(PORT)], stdout=subprocess.DEVNULL)
        try:
            scrape(tmp)
            reloading(tmp)
            many(tmp)
        finally:
            resolvers.terminate()
            resolvers.wait()
    print('the daemon:')
    for line in table:
        print('  {:<58} {:>12} {:<6} {:<8} {}'.format(*line))


main()
