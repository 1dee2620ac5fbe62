/** n8n as larger installations run it: one main process and workers, with Redis and PostgreSQL between them. */
import { chownSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { ensureSystem } from '../hosts/install';
import { N8n } from '../hosts/n8n';
import { Child, freePort, removeFolder, run, temporaryFolder } from '../hosts/process';
import { packages } from './hosts';

export interface QueueMode {
	n8n: N8n;
	workers: readonly Child[];
	stop(): Promise<void>;
}

const answers = (port: number) =>
	new Promise<boolean>((resolve) => {
		const socket = createConnection(port, '127.0.0.1', () => {
			socket.destroy();
			resolve(true);
		}).on('error', () => resolve(false));
	});

/** PostgreSQL does not run as root. */
function asPostgres(): { id: number; prefix: string[] } | undefined {
	if (process.getuid?.() !== 0) return undefined;
	const { stdout } = spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' });
	const id = Number(stdout);
	if (!Number.isInteger(id) || id === 0)
		throw new Error('there is no user "postgres", and PostgreSQL does not run as root');
	return { id, prefix: ['setpriv', '--reuid', String(id), '--regid', String(id), '--clear-groups'] };
}

export async function startQueueMode(workers: number): Promise<QueueMode> {
	const [redis, postgres] = [await ensureSystem('redis-server'), await ensureSystem('postgresql')];
	const folder = temporaryFolder('queue-mode');
	const data = join(folder, 'postgres');
	const running: { stop(): Promise<unknown> }[] = [];
	const stop = async () => {
		for (const each of running.reverse()) await each.stop();
		await removeFolder(folder);
	};
	try {
		const user = asPostgres();
		await mkdir(data);
		if (user !== undefined) {
			chownSync(data, user.id, user.id);
			chownSync(folder, user.id, user.id);
		}
		const env = { PATH: process.env.PATH, HOME: folder, LC_ALL: 'C.UTF-8' };
		const database = (args: readonly string[]) => {
			const [command = '', ...rest] = [...(user?.prefix ?? []), ...args];
			return { command, args: rest, cwd: folder, env };
		};
		const [redisPort, postgresPort] = [await freePort(), await freePort()];
		await run({
			...database([join(dirname(postgres), 'initdb'), '-D', data, '-U', 'n8n', '--auth=trust', '--no-sync']),
			name: 'initdb',
			timeoutMs: 60_000,
		});
		const server = await Child.start({
			...database([
				postgres,
				'-D',
				data,
				'-p',
				String(postgresPort),
				'-c',
				'listen_addresses=127.0.0.1',
				'-c',
				`unix_socket_directories=${data}`,
				'-c',
				'fsync=off',
			]),
			name: 'postgres',
		});
		running.push(server);
		const queue = await Child.start({
			command: redis,
			args: [
				'--port',
				String(redisPort),
				'--bind',
				'127.0.0.1',
				'--save',
				'',
				'--appendonly',
				'no',
				'--dir',
				folder,
			],
			cwd: folder,
			env,
			name: 'redis',
		});
		running.push(queue);
		await server.ready(() => answers(postgresPort), 30_000);
		await queue.ready(() => answers(redisPort), 30_000);
		const n8n = await N8n.create({
			packages: [packages.n8n()],
			env: {
				EXECUTIONS_MODE: 'queue',
				QUEUE_BULL_REDIS_HOST: '127.0.0.1',
				QUEUE_BULL_REDIS_PORT: String(redisPort),
				DB_TYPE: 'postgresdb',
				DB_POSTGRESDB_HOST: '127.0.0.1',
				DB_POSTGRESDB_PORT: String(postgresPort),
				DB_POSTGRESDB_DATABASE: 'postgres',
				DB_POSTGRESDB_USER: 'n8n',
				DB_POSTGRESDB_PASSWORD: 'n8n',
			},
		});
		running.push(n8n);
		await n8n.start();
		const started = await Promise.all(
			Array.from({ length: workers }, () => n8n.startCli(['worker', '--concurrency=10'])),
		);
		running.push(...started);
		await Promise.all(
			started.map((worker) =>
				worker.ready(() => Promise.resolve(worker.output.includes('is now ready')), 60_000),
			),
		);
		return { n8n, workers: started, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}
