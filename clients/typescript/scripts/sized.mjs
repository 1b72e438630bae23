// How large what a page has to load is, minified and gzipped, with everything that is imported lazily: the same flags for
// our pages and for other clients.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Bytes of a module with these contents: minified, gzipped, and by whose they are in `node_modules` (minified). */
export async function sized(contents, resolveDir) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    external: ['react'],
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    splitting: true,
    outdir: 'out',
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  return {
    whole: sum(outputFiles.map(({ contents }) => contents.length)),
    packed: sum(outputFiles.map(({ contents }) => gzipSync(contents, { level: 9 }).length)),
    of: (name) =>
      sum(inputs.filter(([path]) => path.includes(name)).map(([, { bytesInOutput }]) => bytesInOutput)),
  };
}

export const kib = (bytes) => (bytes / 1024).toFixed(1);
