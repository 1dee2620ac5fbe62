/** What a server or the network between can do wrong, on request. The same for every vendor. */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Answer, VendorRequest } from './exchange';

export type Fault =
	| { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
	/** The request is taken and never answered. */
	| { kind: 'timeout' }
	| { kind: 'reset' }
	/**
	 * Half of the body. Its content-length is that of the half ('truncated', the default), left out ('absent'), or that
	 * of the whole ('full'), so that the connection ends too early.
	 */
	| { kind: 'cutoff'; length?: 'truncated' | 'absent' | 'full' }
	| { kind: 'html' }
	/** The true answer, byte by byte. */
	| { kind: 'drip'; everyMs?: number }
	/** A code of the vendor; a message of its own replaces the vendor's. */
	| { kind: 'code'; code: number; message?: string }
	| { kind: 'redirect'; location?: string }
	/** A small compressed body that unfolds to `bytes` (64 MiB unless told). */
	| { kind: 'gzipbomb'; bytes?: number };

export type FaultRule = Fault & {
	/**
	 * A path, its end behind a '*' (a token may be part of it), or a test of the request; every request if left out.
	 */
	match?: string | ((request: VendorRequest) => boolean);
	/** How often it strikes, once unless told. Infinity, or null in JSON, is without end. */
	times?: number | null;
	/**
	 * 'after': the request is carried out, only its answer is lost. 'before' (the default): it never reaches the
	 * vendor.
	 * 'drip' needs the true answer and always carries out.
	 */
	effect?: 'before' | 'after';
};

export class Faults {
	private rules: { rule: FaultRule; left: number }[] = [];

	add(rule: FaultRule): void {
		this.rules.push({ rule, left: rule.times === null ? Infinity : (rule.times ?? 1) });
	}

	clear(): void {
		this.rules = [];
	}

	/** The rules that still have to strike. */
	get pending(): FaultRule[] {
		return this.rules.map(({ rule, left }) => ({ ...rule, times: left }));
	}

	/** The first rule that a request meets; counts as one strike. */
	take(request: VendorRequest): FaultRule | undefined {
		const found = this.rules.find(
			({ rule: { match } }) =>
				match === undefined || (typeof match === 'string' ? isPath(match, request.path) : match(request)),
		);
		if (!found) return undefined;
		found.left -= 1;
		this.rules = this.rules.filter(({ left }) => left > 0);
		return found.rule;
	}
}

function isPath(match: string, path: string): boolean {
	return match.startsWith('*') ? path.endsWith(match.slice(1)) : match === path;
}

export function carriesOut(rule: FaultRule): boolean {
	return rule.kind === 'drip' || rule.effect === 'after';
}

/**
 * Spoils an answer; an answer with another code (kind 'code') is not spoilt. `answer` is made up if nothing was carried
 * out.
 */
export async function strike(
	rule: Exclude<FaultRule, { kind: 'code' }>,
	response: ServerResponse,
	answer: Answer,
	stopped: AbortSignal,
): Promise<void> {
	const body = Buffer.from(answer.body);
	switch (rule.kind) {
		case 'status':
			response.writeHead(rule.status, { 'content-type': 'text/plain', ...rule.headers }).end(rule.body ?? '');
			return;
		case 'timeout':
			return; // the socket is closed with the server, or by the client
		case 'reset':
			response.socket?.resetAndDestroy();
			return;
		case 'cutoff': {
			const half = body.subarray(0, Math.floor(body.length / 2));
			if (rule.length === 'absent') {
				// Without length or chunks a body ends where the connection does.
				response.useChunkedEncodingByDefault = false;
				response.shouldKeepAlive = false;
				response.writeHead(200, answer.headers).end(half);
			} else if (rule.length === 'full') {
				response.writeHead(200, { ...answer.headers, 'content-length': body.length });
				response.write(half, () => response.socket?.destroy());
			} else {
				response.writeHead(200, { ...answer.headers, 'content-length': half.length }).end(half);
			}
			return;
		}
		case 'html':
			response.writeHead(200, { 'content-type': 'text/html; charset=UTF-8' });
			response.end(
				'<!DOCTYPE html><html><head><title>Service</title></head><body>The service is being maintained</body></html>',
			);
			return;
		case 'drip':
			response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
			for (let i = 0; i < body.length; i++) {
				if (response.destroyed) return;
				response.write(body.subarray(i, i + 1));
				await sleep(rule.everyMs ?? 50, undefined, { signal: stopped });
			}
			response.end();
			return;
		case 'redirect':
			response.writeHead(302, { location: rule.location ?? '/moved' }).end();
			return;
		case 'gzipbomb': {
			const bomb = gzipSync(Buffer.alloc(rule.bytes ?? 64 * 1024 * 1024, ' '));
			response
				.writeHead(200, { ...answer.headers, 'content-encoding': 'gzip', 'content-length': bomb.length })
				.end(bomb);
			return;
		}
	}
}

const KINDS = ['status', 'timeout', 'reset', 'cutoff', 'html', 'drip', 'code', 'redirect', 'gzipbomb'];

/** Reads a rule that came as JSON. Throws an Error with what is wrong. */
export function parseFaultRule(json: string): FaultRule {
	const rule: unknown = JSON.parse(json);
	if (typeof rule !== 'object' || rule === null) throw new Error('a fault is a JSON object');
	const { kind, match, times, status, code } = rule as Record<string, unknown>;
	if (!KINDS.includes(kind as string)) throw new Error(`kind is one of ${KINDS.join(', ')}`);
	if (match !== undefined && typeof match !== 'string') throw new Error('match is a path');
	if (times !== undefined && times !== null && typeof times !== 'number')
		throw new Error('times is a number or null');
	if (kind === 'status' && typeof status !== 'number') throw new Error('status is a number');
	if (kind === 'code' && typeof code !== 'number') throw new Error('code is a number');
	return rule as FaultRule;
}
