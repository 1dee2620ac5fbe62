import { randomBytes } from 'node:crypto';
import { md5, type Account } from './accounts';
import { MESSAGES, Refusal } from './codes';
import type { Params } from './params';
import type { Platform } from './platform';

const LIFETIME = 7200; // 2.1: two hours

/** Login, access tokens and the rate limit. */
export class Sessions {
	/** At most one token per account: a new login kills the old one at once (2.1). */
	private readonly byAccount = new Map<string, { token: string; expires: number }>();
	private readonly accountByToken = new Map<string, Account>();
	private readonly recent = new Map<string, number[]>();

	constructor(private readonly platform: Platform) {}

	/** 2.1. */
	login(params: Params): { access_token: string; expires_in: number } {
		params.require('time', 'account', 'signature');
		const { platform } = this;
		const now = platform.now();
		if (Math.abs(params.whole('time') - now) > platform.settings.allowedSkewSeconds) {
			throw new Refusal(
				10014,
				`${MESSAGES[10014].toLowerCase()}, current server time is ${now} (in unix timestamp)`,
			);
		}
		const account = platform.accounts.get(params.text('account'));
		if (!account || md5(account.passwordHash + params.text('time')) !== params.text('signature'))
			throw new Refusal(20001);
		this.count(account);
		if (account.blocked) throw new Refusal(10016);
		if (!account.openApi) throw new Refusal(10007);

		this.kill(account.account);
		const token = `A${String(now).padStart(10, '0')}${randomBytes(18).toString('hex')}`;
		this.byAccount.set(account.account, { token, expires: now + LIFETIME });
		this.accountByToken.set(token, account);
		return { access_token: token, expires_in: LIFETIME };
	}

	/** Whom a request comes from. */
	account(params: Params): Account {
		const token = params.optional('access_token');
		if (token === undefined) throw new Refusal(10010);
		const account = this.accountByToken.get(token);
		if (!account) throw new Refusal(10011);
		if (this.platform.now() >= this.byAccount.get(account.account)!.expires) throw new Refusal(10012);
		if (account.blocked) throw new Refusal(10016);
		this.count(account);
		return account;
	}

	/** As if another program logged in with the account. */
	kill(account: string): void {
		const session = this.byAccount.get(account);
		if (!session) return;
		this.byAccount.delete(account);
		this.accountByToken.delete(session.token);
	}

	expire(account: string): void {
		const session = this.byAccount.get(account);
		if (session) session.expires = this.platform.now();
	}

	private count(account: Account): void {
		const { rateLimit } = this.platform.settings;
		if (!rateLimit) return;
		const now = this.platform.milliseconds();
		const recent = (this.recent.get(account.account) ?? []).filter(
			(time) => time > now - rateLimit.perSeconds * 1000,
		);
		this.recent.set(account.account, recent);
		if (recent.length >= rateLimit.requests) throw new Refusal(10009);
		recent.push(now);
	}
}
