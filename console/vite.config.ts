// Builds the console into the Python package, which ships and serves it. Names have digests of their content.
import { defineConfig } from "vite";

const SERVER = process.env.KEYFRAME_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "/console/",
  server: {
    proxy: Object.fromEntries(["/graphql", "/sign-in", "/sign-out"].map((path) => [path, { target: SERVER, ws: true }])),
  },
  build: {
    outDir: "../api/console/static",
    emptyOutDir: true,
    assetsDir: "",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
});
