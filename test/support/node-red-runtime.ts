/**
 * The part of Node-RED's runtime that carries a node, in this process, after @node-red/runtime 5.0.7: nodes/Node.js
 * (events, send, error, close), nodes/index.js (createNode), flows/util.js (environment variables), util/lib/util.js
 * (typed values).
 * Without wires: what a node sends is collected. Everything else that a node needs of it is seen in the real hosts.
 */
import { EventEmitter } from 'node:events';
import { inherits } from 'node:util';
import type { Node, NodeAPI, NodeMessage, NodeStatus } from 'node-red';
import type { Provider } from '../../core/describe/provider';
import { MIGRATIONS, type Migrations } from '../../node-red/src/migrations';
import { register } from '../../node-red/src/register';
import { VendorNodes } from '../../node-red/src/vendor-nodes';
import { wordsOf } from '../../node-red/src/editor/words';

export interface FlowNode {
	id: string;
	type: string;
	[property: string]: unknown;
}

/** A TrackCEO account at a simulator, which may command unless it says otherwise. */
export const accountAt = (baseUrl: string, changes: object = {}): FlowNode => ({
	id: 'account',
	type: 'fleetwire-trackceo-account',
	baseUrl,
	account: 'demo',
	secretType: 'password',
	allowCommands: true,
	allowPrivateAddresses: true,
	rateLimit: 60_000,
	...changes,
});

export type Message = Record<string, unknown>;

/** What a Catch node gets. */
export interface Caught {
	error: Error & { code?: unknown; cause?: unknown };
	msg: Message;
}

type Handler = (...args: unknown[]) => unknown;

/** A node as createNode makes it, with what became of it. */
export class RuntimeNode extends EventEmitter {
	readonly id: string;
	readonly type: string;
	readonly z?: string;
	/** Within an instance of a subflow: the id of the node in its place. */
	readonly _alias?: string;
	readonly name?: string;
	credentials?: Record<string, string>;
	/** At its first output, and at its second. */
	readonly sent: Message[] = [];
	readonly reported: Message[] = [];
	readonly caught: Caught[] = [];
	/** Errors that belong to no message, which only the log shows. */
	readonly logged: string[] = [];
	readonly warnings: string[] = [];
	/** What it has noted in the log. */
	readonly noted: string[] = [];
	readonly statuses: NodeStatus[] = [];
	private readonly stores = new Map<string, unknown>();
	private readonly inputs: Handler[] = [];
	private readonly closers: Handler[] = [];

	constructor({ id, type, z, name, _alias }: FlowNode) {
		super();
		this.id = id;
		this.type = type;
		if (z !== undefined) this.z = z as string;
		if (name !== undefined) this.name = name as string;
		if (_alias !== undefined) this._alias = _alias as string;
	}

	override on(event: string, callback: Handler): this {
		if (event === 'input') this.inputs.push(callback);
		else if (event === 'close') this.closers.push(callback);
		else super.on(event, callback);
		return this;
	}

	send(msg: Message | null | undefined | (Message | null)[]): void {
		const [first, second] = Array.isArray(msg) ? msg : [msg];
		if (first !== null && first !== undefined) this.sent.push(first);
		if (second !== null && second !== undefined) this.reported.push(second);
	}

	/** One that comes with a message goes to Catch nodes; any other is logged only. */
	error(error: unknown, msg?: Message): void {
		if (typeof msg === 'object') this.caught.push({ error: error as Caught['error'], msg });
		else this.logged.push(String(error));
	}

	warn(message: string): void {
		this.warnings.push(message);
	}

	log(line: string): void {
		this.noted.push(line);
	}

	status(status: NodeStatus): void {
		this.statuses.push(status);
	}

	/** Its context, in stores that call back as asynchronous ones do. */
	context(): object {
		const { stores } = this;
		type Callback<T extends unknown[]> = (error?: Error | null, ...values: T) => void;
		return {
			get: (key: string, store: string, callback: Callback<[unknown]>) =>
				callback(null, stores.get(`${store} ${key}`)),
			set: (key: string, value: unknown, store: string, callback: Callback<[]>) => {
				stores.set(`${store} ${key}`, value);
				callback();
			},
		};
	}

	/** What one of its stores holds for Fleetwire. */
	stored(store: string): unknown {
		return this.stores.get(`${store} fleetwire`);
	}

	get line(): NodeStatus | undefined {
		return this.statuses.at(-1);
	}

	/** Hands it a message, and waits until it says that it is done. */
	async receive(msg: Message): Promise<{ sent: Message[]; error?: Error }> {
		const before = this.sent.length;
		const incoming: Message = Object.isFrozen(msg) ? msg : { _msgid: 'message', ...msg };
		return await new Promise((resolve) => {
			for (const input of this.inputs)
				input.call(
					this,
					incoming,
					(out: Message) => this.send(out),
					(error?: Error) => {
						if (error) this.error(error, incoming);
						resolve({ sent: this.sent.slice(before), ...(error ? { error } : {}) });
					},
				);
		});
	}

	async close(removed = false): Promise<void> {
		await Promise.all(
			this.closers.map(
				(closer) =>
					new Promise<void>((resolve) => {
						if (closer.length === 0) resolve(void closer.call(this));
						else closer.apply(this, closer.length === 2 ? [removed, resolve] : [resolve]);
					}),
			),
		);
	}
}

type Route = (request: object, response: object, next: () => void) => unknown;

interface Answer {
	status: number;
	body: Record<string, unknown>;
}

const VARIABLE = /^\$\{(\S+)\}$/;

/** Node-RED with the nodes of some vendors. */
export class Runtime {
	/** The line for each use of an account in the editor. */
	readonly log: string[] = [];
	/** Where temporary folders are kept, differs from machine to machine. */
	readonly settings: Record<string, unknown> = { fleetwire: { keepsUserFolder: true } };
	readonly env: Record<string, string> = {};
	private readonly types = new Map<string, { make: new (config: object) => RuntimeNode; secret: boolean }>();
	private readonly routes = new Map<string, Route[]>();
	private readonly nodes = new Map<string, RuntimeNode>();
	private readonly events = new EventEmitter();
	private flows: FlowNode[] = [];
	private credentials: Record<string, Record<string, string>> = {};
	private ids = 0;

	constructor(
		providers: readonly Provider[],
		{
			userDir,
			migrations = MIGRATIONS,
			settings = {},
		}: { userDir?: string; migrations?: Migrations; settings?: Record<string, unknown> } = {},
	) {
		Object.assign(this.settings, settings);
		if (userDir !== undefined) this.settings.userDir = userDir;
		for (const provider of providers) {
			const secrets = Object.keys(provider.connection).filter((name) => provider.connection[name]?.secret);
			register(
				this.api(wordsOf(provider)),
				{ name: provider.name, secrets, load: () => provider },
				() => (RED, loaded) => new VendorNodes(RED, loaded, migrations),
			);
		}
	}

	/** Ends what runs, and starts these. Config nodes first, as Node-RED does. */
	async deploy(flows: FlowNode[], credentials: Record<string, Record<string, string>> = {}): Promise<void> {
		this.flows = flows;
		await this.stop();
		this.credentials = { ...this.credentials, ...credentials };
		const isConfig = ({ x }: FlowNode) => x === undefined;
		for (const config of [...flows.filter(isConfig), ...flows.filter((node) => !isConfig(node))]) {
			const type = this.types.get(config.type);
			if (type === undefined || config.d === true) continue;
			this.nodes.set(config.id, new type.make(this.filled(structuredClone(config))));
		}
		this.events.emit('flows:started');
	}

	async stop(): Promise<void> {
		const running = [...this.nodes.values()];
		this.nodes.clear();
		await Promise.all(running.map((node) => node.close()));
	}

	node(id: string): RuntimeNode {
		const node = this.nodes.get(id);
		if (node === undefined) throw new Error(`there is no node ${id}`);
		return node;
	}

	/** Asks an admin route, as a user who has these permissions; '*' is all of them. */
	async admin(
		method: 'GET' | 'POST',
		path: string,
		{
			body,
			type = 'application/json',
			user,
			permissions = ['*'],
		}: { body?: unknown; type?: string; user?: string; permissions?: readonly string[] } = {},
	): Promise<Answer> {
		for (const [route, handlers] of this.routes) {
			const [verb, pattern = ''] = route.split(' ');
			const names = [...pattern.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
			const found = new RegExp(`^${pattern.replace(/:\w+/g, '([^/]+)')}$`).exec(path);
			if (verb !== method || found === null) continue;
			const params = Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(found[at + 1] ?? '')]));
			return await new Promise((resolve, reject) => {
				let status = 200;
				const response = {
					status: (code: number) => ((status = code), response),
					json: (answer: Answer['body']) => resolve({ status, body: answer }),
					destroy: () => reject(new Error('the connection was cut')),
				};
				const request = {
					params,
					body,
					permissions,
					is: (wanted: string) => wanted === type,
					...(user === undefined ? {} : { user: { username: user } }),
				};
				const left = [...handlers];
				const next = (): void => void left.shift()?.(request, response, next);
				next();
			});
		}
		return { status: 404, body: {} };
	}

	/** Config properties and credentials with environment variables instead of `${NAME}`. */
	private filled<T extends object>(values: T): T {
		const fill = (value: unknown): unknown => {
			if (typeof value === 'string') return this.env[VARIABLE.exec(value)?.[1] ?? ''] ?? value;
			if (typeof value !== 'object' || value === null) return value;
			return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fill(inner)]));
		};
		return fill(values) as T;
	}

	private api(words: object): NodeAPI {
		const permit =
			(permission: string): Route =>
			({ permissions }: { permissions?: string[] }, response, next) => {
				if (permissions?.includes('*') || permissions?.includes(permission)) next();
				else (response as { status(code: number): { json(body: object): void } }).status(401).json({});
			};
		const route =
			(method: string) =>
			(path: string, ...handlers: Route[]) =>
				void this.routes.set(`${method} ${path}`, handlers);
		return {
			settings: this.settings,
			events: this.events,
			nodes: {
				registerType: (
					type: string,
					constructor: { prototype: object },
					{ credentials }: { credentials?: object } = {},
				) => {
					inherits(constructor as never, RuntimeNode as never);
					this.types.set(type, { make: constructor as never, secret: credentials !== undefined });
				},
				createNode: (node: RuntimeNode, config: FlowNode) => {
					Object.assign(node, new RuntimeNode(config));
					const credentials = this.credentials[(config._alias as string | undefined) ?? config.id];
					if (credentials !== undefined) node.credentials = this.filled({ ...credentials });
					else if (this.types.get(config.type)?.secret) node.credentials = {};
				},
				getNode: (id: string) => this.nodes.get(id) ?? null,
				eachNode: (callback: (node: FlowNode) => void) => this.flows.forEach((node) => callback(node)),
				getCredentials: (id: string) => this.credentials[id],
			},
			auth: { needsPermission: permit },
			httpAdmin: { get: route('GET'), post: route('POST') },
			log: { info: (line: string) => void this.log.push(line) },
			util: {
				generateId: () => `id-${String(++this.ids)}`,
				cloneMessage: <T>(msg: T) => structuredClone(msg),
				evaluateNodeProperty: (
					value: string,
					type: string,
					_node: Node,
					msg: NodeMessage,
					callback: (error: Error | null, result?: unknown) => void,
				) => callback(null, this.evaluated(value, type, msg as unknown as Message)),
			},
			_: (key: string, values: Record<string, unknown> = {}) => {
				const text = key.split('.').reduce<unknown>((all, part) => (all as Message | undefined)?.[part], words);
				return typeof text === 'string'
					? text.replace(/__(\w+?)__/g, (_, name: string) => String(values[name]))
					: key;
			},
		} as unknown as NodeAPI;
	}

	private evaluated(value: string, type: string, msg: Message): unknown {
		switch (type) {
			case 'num':
				return Number(value);
			case 'bool':
				return /^true$/i.test(value);
			case 'json':
				return JSON.parse(value) as unknown;
			case 'env':
				return this.env[value] ?? '';
			case 'date':
				return Date.now();
			case 'msg':
				return value.split('.').reduce<unknown>((all, part) => (all as Message)[part], msg);
			default:
				return value;
		}
	}
}
