// Builds the console into the Python package, which ships and serves it. Names have digests of their content.
import { defineConfig } from "vite";

const SERVER = process.env.KEYFRAME_URL ?? "http://127.0.0.1:8000";

/** A browser that opens an address of the API gets the page. */
const bypass = ({ headers }: { headers: { accept?: string } }) => (headers.accept?.includes("text/html") ? "/index.html" : undefined);

export default defineConfig({
  base: "/console/",
  server: {
    proxy: Object.fromEntries(
      ["/graphql", "/sign-in", "/sign-out", "/schema.graphql", "/checkpoint"].map((path) => [path, { target: SERVER, ws: true, bypass }]),
    ),
  },
  build: {
    outDir: "../api/console/static",
    emptyOutDir: true,
    assetsDir: "",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    rolldownOptions: { output: { chunkFileNames: ({ name }) => `${name.replace(/\W.*/, "")}-[hash].js` } },
    chunkSizeWarningLimit: 700, // kB: the query editor, which loads apart
  },
});
