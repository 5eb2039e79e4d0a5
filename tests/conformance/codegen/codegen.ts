// graphql-codegen, set up for Keyframe: every scalar has a type, and so has every document. docs/clients.md shows this.

import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../api/schema.graphql",
  documents: "codegen/documents.graphql",
  config: {
    strictScalars: true,
    scalars: { Date: "string", DateTime: "string", Markdown: "string", Position: "number" },
    enumsAsTypes: true,
    useTypeImports: true,
  },
  generates: {
    "build/codegen/documents.ts": { plugins: ["typescript-operations", "typed-document-node"] },
    "build/codegen/schema.ts": { plugins: ["typescript"] },
  },
};

export default config;
