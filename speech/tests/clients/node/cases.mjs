// Run as `node with_CLIENT.mjs BASE_URL API_KEY`: prints what each case came to, twice.
export const [baseURL, apiKey] = process.argv.slice(2);
export const MODEL = "gpt-6-luna";

export async function run(cases) {
  const results = {};
  for (const [name, ask] of Object.entries(cases)) {
    results[name] = [await resultOf(ask), await resultOf(ask)];
  }
  console.log(JSON.stringify(results));
}

async function resultOf(ask) {
  try {
    return await ask();
  } catch (error) {
    console.error(error);
    return `${error.name}: ${error.message}`;
  }
}
