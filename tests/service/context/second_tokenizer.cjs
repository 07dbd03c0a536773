// Another implementation of o200k_base: reads one JSON string a line, writes how many tokens each has.
"use strict";

const { createInterface } = require("node:readline");
const { Tiktoken } = require("js-tiktoken/lite");
const encoding = new Tiktoken(require("js-tiktoken/ranks/o200k_base"));

createInterface({ input: process.stdin }).on("line", (line) => {
  // Without special tokens: `<|endoftext|>` counts as the text that it is.
  process.stdout.write(`${encoding.encode(JSON.parse(line), [], []).length}\n`);
});
