// What the command says of itself.

/** Where import-file and orphans look. */
const whereAndWhose = `    --region NAME       by default the configured one, as is --environment NAME
    --profile NAME      whose keys are used, out of environment variables like SCP_PROFILE_AUDIT_ACCESS_KEY; by default the stack's own,
                        SCP_ACCESS_KEY or the vendor's file
`;

const usages: Record<string, string> = {
  "import-file": `  import-file  prints a program that declares images which exist, and writes the file with which pulumi import takes them into a stack
    --name NAME         only images of this name
    --os-distro NAME    only images of this operating system
    --visibility NAME   only private (the default) or shared images
    --file FILE         the file to write; by default scp-images-import.json
    --state FILE        a state, as pulumi stack export writes it, whose images are left out; may be given more than once
    --existing-stack    the stack has images of this package's already; give its state with --state
${whereAndWhose}`,
  orphans: `  orphans      lists the images that killed runs may have left, and what is left of uploads
    --state FILE        a state, as pulumi stack export writes it, whose images are in use; may be given more than once
    --delete NAME …     deletes these, an image by its id, an object by BUCKET/KEY, after looking at each again; needs --state of every stack that may hold them
    --no-state          with --delete: no state holds them, which you know
    --json              prints the list as JSON
${whereAndWhose}`,
  validate: `  validate     checks manifests, by default images.yaml; - is the standard input. Needs no cloud, no stack and no credentials
    [FILE …]            the files
    --stack NAME        as this stack has them, or ORGANIZATION/PROJECT/NAME; by default as every stack that is named in them
    --strict            variables without a value are mistakes; with --stack they are anyway
    --format NAME       text (the default), github (annotations of a workflow), or json
                        Ends with 0 where all are right, 2 where one is not or cannot be read, and 1 for a wrong command line
`,
  report: `  report       shows the images of a stack, from its state alone; Markdown on the terminal, unless one of the outputs is named
    --state FILE        the state, as pulumi stack export writes it; by default -, which is standard input
    --since FILE        a state from before: what changed since is told
    --html FILE         writes a page for a browser
    --markdown FILE     writes Markdown, as for a pull request's comment
    --json FILE         writes JSON; FILE may be - for standard output, for each of these
`,
  emulator: `  emulator     starts Samsung Cloud Platform on this machine, as far as images go
    --port N            port on 127.0.0.1; by default 4510, with 0 any free one
    --data FOLDER       where it keeps its data; by default .local/emulator
    --help              tells its other options
`,
};

const title = (command: string) => `Usage: npx pulumi-scp-images ${command} [options]\n\n`;

/** All commands, with their options. */
export const wholeUsage = title("COMMAND") + Object.values(usages).join("\n");

/** One command's. */
export function usageOf(command: string): string {
  return title(command) + (usages[command] ?? "");
}
