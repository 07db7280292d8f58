import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", ".local/", "**/node_modules/"] },
  eslint.configs.recommended,
  {
    files: ["**/*.js"],
    languageOptions: {
      sourceType: "commonjs",
      globals: { module: "writable", process: "readonly", require: "readonly" },
    },
  },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
  },
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  // Which room may know which: provider/ nothing of test/ and examples/, provider/api nothing of Pulumi.
  {
    files: ["provider/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "/(test|examples)/", message: "provider/ ships alone." }] },
      ],
    },
  },
  {
    files: ["provider/api/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^@pulumi|^\\.\\./",
              message: "provider/api knows nothing of Pulumi or of what is above it.",
            },
          ],
        },
      ],
    },
  },
  { files: ["test/**"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
);
