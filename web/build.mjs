// Builds web/assets/dist from web/src, and records over which sources it was built.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const dist = "assets/dist";
const target = ["chrome111", "firefox113", "safari16.4"];

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, "fonts"), { recursive: true });

await build({
  entryPoints: { app: "src/css/app.css" },
  bundle: true, minify: true, target, outdir: dist,
  external: ["*.woff2", "*.svg"], legalComments: "none",
});
await build({
  entryPoints: { app: "src/js/app.js", map: "src/js/map.js", verify: "src/js/verify-page.js", htmx: "src/js/htmx.js", driver: "src/js/driver.js", "driver-sw": "src/js/driver-sw.js" },
  bundle: true, minify: true, format: "esm", target, outdir: dist,
  external: ["./maplibre-gl.mjs"], legalComments: "none",
});
const font = "node_modules/@fontsource-variable/atkinson-hyperlegible-next";
await cp(`${font}/files/atkinson-hyperlegible-next-latin-wght-normal.woff2`, join(dist, "fonts/atkinson.woff2"));
for (const name of ["maplibre-gl.mjs", "maplibre-gl-worker.mjs"]) {
  const text = await readFile(`node_modules/maplibre-gl/dist/${name}`, "utf8");
  await writeFile(join(dist, name), text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"));
}
let licences = "";
for (const [name, file] of [
  ["@fontsource-variable/atkinson-hyperlegible-next", "LICENSE"], ["@noble/ed25519", "LICENSE"], ["@noble/hashes", "LICENSE"],
  ["htmx.org", "LICENSE"], ["maplibre-gl", "LICENSE.txt"],
]) {
  licences += `${name}\n\n${(await readFile(`node_modules/${name}/${file}`, "utf8")).trim()}\n\n\n`;
}
licences += "@utrecht/*-css\n\nLicensed under the European Union Public Licence (EUPL) 1.2. https://github.com/nl-design-system/utrecht\n";
await writeFile(join(dist, "LICENSES.txt"), licences);
await cp("node_modules/axe-core/axe.min.js", "webtest/axe.min.js"); // for tests, not in the program
for (const name of await readdir("src")) {
  if (name.endsWith(".svg")) await cp(join("src", name), join(dist, name));
}
await writeFile(join(dist, "SOURCES.sha256"), (await sources()) + "\n");

// sources hashes what the build reads, as assets_test.go does: the lock file, this file and everything under src, in order of path.
async function sources() {
  const files = ["build.mjs", "package-lock.json", "package.json"];
  for (const entry of await readdir("src", { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) files.push(join(entry.parentPath ?? entry.path, entry.name).replaceAll("\\", "/"));
  }
  const sum = createHash("sha256");
  for (const name of files.sort()) {
    const data = await readFile(name);
    sum.update(`${name} ${data.length}\n`);
    sum.update(data);
  }
  return sum.digest("hex");
}
