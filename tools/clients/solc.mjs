#!/usr/bin/env node
// The npm compiler behind the command line that forge expects of a native one (`forge --use`): its version, and one
// compilation from standard input to standard output.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const solc = createRequire(import.meta.url)("solc");
if (process.argv.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
}
