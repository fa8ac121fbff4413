import { join } from "node:path";

/**
 * The page as one HTML file, its script and style within it, made by Bun's bundler. Called where the executable is built,
 * and by what runs from the source. Rejects with what the bundler said.
 */
export async function bundlePage(): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, "browser/index.html")],
    target: "browser",
    compile: true,
    minify: true,
  });
  const [page] = outputs;
  if (page === undefined) throw new Error("the bundler made no page");
  return await page.text();
}
