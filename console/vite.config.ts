// Builds the console into the Python package, which ships and serves it. Names have digests of their content.
import { defineConfig, type Plugin } from "vite";

const SERVER = process.env.KEYFRAME_URL ?? "http://127.0.0.1:8000";

/** A browser that opens an address of the API gets the page. */
const bypass = ({ headers }: { headers: { accept?: string } }) => (headers.accept?.includes("text/html") ? "/index.html" : undefined);

/** In place of each call `graphql(text)` the document that was generated from its text, which is then not shipped: the
 * server knows a document by its digest. */
const documents: Plugin = {
  name: "documents",
  enforce: "pre",
  transform(code, id) {
    if (!/console\/src\/(?!generated).*\.tsx?$/.test(id)) return;
    const names = new Set<string>();
    const replaced = code.replace(/\bgraphql\(`\s*(fragment|query|mutation|subscription) (\w+)[^`]*`\)/g, (_, kind: string, name: string) => {
      const document = `${name}${kind === "fragment" ? "FragmentDoc" : "Document"}`;
      names.add(document);
      return document;
    });
    if (names.size === 0) return;
    return { code: `import { ${[...names].join(", ")} } from "/src/generated/graphql";\n${replaced}`, map: null };
  },
};

export default defineConfig({
  plugins: [documents],
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
