// The client of the benchmark: autocannon, with another actor and another value in each request.
// Reads a plan as JSON from stdin; says on stdout when it begins to measure, and at the end what it saw.
"use strict";

const { readFileSync } = require("node:fs");
const autocannon = require("autocannon");

const plan = JSON.parse(readFileSync(0, "utf8"));
const shares = plan.requests.flatMap((request) => Array(request.share).fill(request));
let sent = 0;

function setupRequest(defaults) {
  const request = shares[sent % shares.length];
  sent += 1;
  const number = below(request.actors);
  return {
    ...defaults,
    method: request.method,
    path: request.path.replace("{actor}", digits(7, number)).replace("{budget}", digits(5, below(28_000) + 4_000)),
    headers: request.headers,
    body: request.body.replace("{value}", plan.values + digits(8, sent)),
  };
}

function below(limit) {
  return Math.floor(Math.random() * limit);
}

function digits(length, number) {
  return String(number).padStart(length, "0");
}

function run(limit) {
  return autocannon({
    url: plan.url,
    connections: plan.connections,
    requests: [{ setupRequest }],
    sampleInt: 100, // it looks so often, in milliseconds, whether the time is over
    bailout: 100, // a server that is gone would be asked for ever
    ...limit,
  });
}

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main() {
  const warmed = plan.warm_up_s > 0 ? await run({ duration: plan.warm_up_s }) : { statusCodeStats: {} };
  say({ begins: true });
  const cpu = process.cpuUsage();
  const begun = process.hrtime.bigint();
  const result = await run(plan.limit);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  say({
    requests: result["2xx"],
    failures: { ...failures(warmed, "warm-up: "), ...failures(result, "") },
    seconds,
    cpu_seconds: (user + system) / 1e6,
  });
}

function failures(result, prefix) {
  const counts = Object.entries(result.statusCodeStats).map(([status, { count }]) => [`status ${status}`, count]);
  counts.push(["time-out", result.timeouts], ["error of the connection", result.errors - result.timeouts]);
  const failed = counts.filter(([what, count]) => count > 0 && !what.startsWith("status 2"));
  return Object.fromEntries(failed.map(([what, count]) => [prefix + what, count]));
}

main();
