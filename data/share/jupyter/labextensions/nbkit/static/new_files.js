// Cards of the launcher and commands of the palette: a new job, a new pipeline.

const KERNEL = { name: "nbkit", display_name: "Python (nbkit)", language: "python" };
const PIPELINE = [
  ["markdown", "# A pipeline\n\nEach function is a dataset. Run the cells; `pipeline.preview` shows what one would hold, and\n`pipeline.run` updates them."],
  ["code", "from pyspark import pipelines as dp\n\nfrom nbkit import pipeline"],
  ["code", '@dp.materialized_view(comment="Numbers to begin with")\ndef numbers():\n    return spark.range(10)'],
  ["code", '@dp.materialized_view\ndef evens():\n    return spark.table("numbers").where("id % 2 = 0")'],
  ["code", 'pipeline.preview("evens")'],
  ["code", "pipeline.graph()"],
  ["code", "pipeline.run()"],
];

/** Add the commands; `browsers` tells which folder is looked at. */
export function newFiles(app, { browsers, launcher, palette, icon }) {
  const { contents } = app.serviceManager;
  const folder = (args) => args.cwd ?? browsers?.tracker.currentWidget?.model.path ?? "";
  const made = [
    { command: "nbkit:new-job", kind: "Job", caption: "A job of the notebooks in this folder", make: newJob },
    { command: "nbkit:new-pipeline", kind: "Pipeline", caption: "A notebook that declares datasets", make: newPipeline },
  ];
  for (const { command, kind, caption, make } of made) {
    app.commands.addCommand(command, {
      label: (args) => (args.isLauncher ? kind : `New ${kind}`),
      caption,
      icon,
      execute: async (args) => {
        const path = await make(contents, folder(args));
        await app.commands.execute("docmanager:open", { path });
        return path;
      },
    });
    launcher?.add({ command, category: "nbkit", args: { isLauncher: true } });
    palette?.addItem({ command, category: "nbkit" });
  }
}

/** Write a job of the notebooks of a folder, one task each; returns its file. */
async function newJob(contents, where) {
  const there = await names(contents, where);
  const notebooks = there.filter((name) => name.endsWith(".ipynb"));
  if (!notebooks.length) {
    const made = free(there, "notebook.ipynb", (number) => `notebook-${number}.ipynb`);
    await contents.save(join(where, made), { type: "notebook", format: "json", content: notebook([["code", 'print("it runs")']]) });
    notebooks.push(made);
  }
  const keys = new Map(); // what two names would share is numbered
  const tasks = notebooks.map((name) => {
    const key = name.slice(0, -".ipynb".length).replace(/[^\w-]/g, "_").slice(0, 90);
    const times = (keys.get(key) ?? 0) + 1;
    keys.set(key, times);
    return { task_key: times > 1 ? `${key}_${times}` : key, notebook_task: { notebook_path: name } };
  });
  const path = join(where, free(there, "job.json", (number) => `${number}-job.json`));
  const content = `${JSON.stringify({ name: where.split("/").at(-1) || "job", tasks }, null, 2)}\n`;
  await contents.save(path, { type: "file", format: "text", content });
  return path;
}

async function newPipeline(contents, where) {
  const path = join(where, free(await names(contents, where), "pipeline.ipynb", (number) => `pipeline-${number}.ipynb`));
  await contents.save(path, { type: "notebook", format: "json", content: notebook(PIPELINE) });
  return path;
}

function notebook(cells) {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: KERNEL },
    cells: cells.map(([cell_type, source], index) => ({
      ...(cell_type === "code" ? { execution_count: null, outputs: [] } : {}),
      ...{ id: `cell-${index}`, cell_type, metadata: {}, source },
    })),
  };
}

async function names(contents, where) {
  return (await contents.get(where)).content.map(({ name }) => name).sort();
}

function free(taken, name, numbered) {
  for (let number = 2, found = name; ; number += 1) {
    if (!taken.includes(found)) return found;
    found = numbered(number);
  }
}

function join(where, name) {
  return where ? `${where}/${name}` : name;
}
