// hardhat against a running node: compiles and tests the project in `tools/hardhat` with hardhat's own runner. Each of
// its tests is a check. One argument: the node's address.

import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TOOLS, ensure, story } from "./kit.mjs";

/** Tests of the project: if fewer ran, the run shows nothing. */
const TESTS = 7;

await story("hardhat", async (check, node) => {
  // A copy, so that artifacts and caches do not land in the source tree.
  const project = mkdtempSync(join(tmpdir(), "bulwark-hardhat-"));
  cpSync(join(TOOLS, "hardhat"), project, { recursive: true });
  symlinkSync(join(TOOLS, "node_modules"), join(project, "node_modules"));
  const hardhat = join(TOOLS, "node_modules/hardhat/internal/cli/bootstrap.js");
  const env = { ...process.env, BULWARK_RPC: node.url, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true", CI: "true" };
  const run = (...words) =>
    new Promise((done) => {
      const child = spawn(process.execPath, [hardhat, ...words], { cwd: project, env });
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += part));
      child.on("close", (status) => done({ status, said }));
    });
  try {
    await check("compiles with the compiler from npm", async () => {
      const { status, said } = await run("compile");
      ensure(status === 0, said);
      const artifact = join(project, "artifacts/contracts/Savings.sol/Savings.json");
      return `${JSON.parse(readFileSync(artifact, "utf8")).bytecode.length / 2} bytes`;
    });
    let passed = [];
    await check("runs its tests on the node", async () => {
      const { status, said } = await run("test", "--no-compile");
      passed = [...said.matchAll(/✔ (.*?)(?: \((\d+ms)\))?$/gmu)];
      ensure(status === 0 && passed.length === TESTS, said);
      return `${passed.length} passed`;
    });
    for (const [, name, took] of passed) await check(`· ${name}`, async () => took?.replace("ms", " ms"));
  } finally {
    rmSync(project, { recursive: true });
  }
});
