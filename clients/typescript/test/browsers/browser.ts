// A browser that can be killed: its driver is a program of ours, so every process of the browser descends from it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Builder, type WebDriver } from 'selenium-webdriver';
import type { Given, Page } from './page.ts';
import { freePort } from './server.ts';

export type Name = 'chromium' | 'firefox';
/** How a browser is started otherwise: a private window, or storage that sites may not use. */
export type Mode = 'usual' | 'private' | 'blocked';

const env = process.env;
const GECKODRIVER = fileURLToPath(new URL('../../../../.cache/geckodriver/geckodriver', import.meta.url));
const QUIET =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

const DRIVERS: Record<Name, readonly string[]> = {
  chromium: [env.CHROMEDRIVER || '/usr/bin/chromedriver'],
  firefox: [env.GECKODRIVER || GECKODRIVER, '--websocket-port=0'],
};

const CAPABILITIES: Record<Name, (profile: string, mode: Mode) => object> = {
  chromium: (profile, mode) => ({
    browserName: 'chrome',
    'goog:chromeOptions': {
      binary: env.CHROMIUM || '/usr/bin/chromium',
      args: [
        ...QUIET.split(' '),
        `--user-data-dir=${profile}`,
        ...(mode === 'private' ? ['--incognito'] : []),
      ],
      prefs: mode === 'blocked' ? { 'profile.default_content_setting_values.cookies': 2 } : {},
    },
  }),
  firefox: (profile, mode) => ({
    browserName: 'firefox',
    'moz:firefoxOptions': {
      binary: env.FIREFOX || '/usr/bin/firefox-esr',
      args: ['-headless', '-profile', profile, ...(mode === 'private' ? ['-private'] : [])],
      prefs: {
        'toolkit.startup.max_resumed_crashes': -1, // it is killed often, and shall not ask what to do about it
        'browser.sessionstore.resume_from_crash': false,
        ...(mode === 'private' ? { 'browser.privatebrowsing.autostart': true } : {}),
        ...(mode === 'blocked' ? { 'network.cookie.cookieBehavior': 2 } : {}),
      },
    },
  }),
};

/** Once the driver has said that it listens. */
function listens(driver: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (data: Buffer) => {
      said += data;
      if (/started successfully|Listening on/.test(said)) resolve();
    };
    driver.stdout?.on('data', hear);
    driver.stderr?.on('data', hear);
    driver.on('error', reject);
    driver.on('exit', () => reject(new Error(`the driver has ended: ${said}`)));
  });
}

/** The state of a process, and its parent; `null` once it has ended. */
function statOf(pid: number | string): { readonly state: string; readonly parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}

const runs = (pid: number) => !'ZX'.includes(statOf(pid)?.state ?? 'X');

/** Every process that descends from this one, itself included. */
function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = statOf(name)?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [pid];
  for (const one of found) found.push(...(children.get(one) ?? []));
  return found;
}

export class Browser {
  readonly name: Name;
  readonly #mode: Mode;
  readonly #profile: string;
  #program: ChildProcess | null = null;
  #driver: WebDriver | null = null;

  constructor(name: Name, mode: Mode = 'usual') {
    this.name = name;
    this.#mode = mode;
    this.#profile = mkdtempSync(join(tmpdir(), `chat-${name}-`));
  }

  get driver(): WebDriver {
    if (!this.#driver) throw new Error('the browser does not run');
    return this.#driver;
  }

  /** Start it, with the profile of the time before. */
  async start(): Promise<void> {
    const [program = '', ...args] = DRIVERS[this.name];
    const port = await freePort(); // geckodriver answers to no port that it has chosen by itself
    this.#program = spawn(program, [...args, `--port=${port}`], { stdio: ['ignore', 'pipe', 'pipe'] });
    await listens(this.#program);
    this.#driver = await new Builder()
      .usingServer(`http://127.0.0.1:${port}`)
      .withCapabilities(CAPABILITIES[this.name](this.#profile, this.#mode))
      .build();
    await this.#driver.manage().setTimeouts({ script: 30_000, pageLoad: 60_000 });
  }

  async open(url: string, given: Given): Promise<void> {
    await this.driver.get(`${url}?${encodeURIComponent(JSON.stringify(given))}`);
    await this.driver.wait(() => this.driver.executeScript('return Boolean(window.page)'), 30_000);
  }

  /** Call the page that the driver looks at. */
  ask<Name extends keyof Page>(
    name: Name,
    ...given: Parameters<Page[Name]>
  ): Promise<ReturnType<Page[Name]>> {
    return this.driver.executeScript(`return window.page[${JSON.stringify(name)}](...arguments[0])`, given);
  }

  /** Kill every process of it at once, the driver included. */
  async kill(): Promise<void> {
    if (!this.#program?.pid) return;
    const pids = family(this.#program.pid);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {} // it has ended meanwhile
    }
    this.#program = this.#driver = null;
    while (pids.some(runs)) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** End it, and forget its profile. */
  async end(): Promise<void> {
    await this.#driver?.quit().catch(() => {});
    await this.kill();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
