/** What every account holds, whichever vendor. */
export interface Connection {
	baseUrl: string;
	/** Undefined where the vendor knows an account by its key alone. */
	account?: string;
	allowCommands: boolean;
	allowPrivateAddresses: boolean;
	/** Where a vendor has links that are open to whoever has them. */
	allowWebLinks?: boolean;
	/** Requests a minute. */
	rateLimit: number;
	/** How many processes share the account and its rate limit; 1 unless the account says so. */
	processes?: number;
}

/** A login that is in force. Plain JSON, because n8n keeps it in its database for all its workers. */
export interface Session {
	token: string;
	/** Milliseconds since 1970. */
	expiresAt: number;
	/** When it was made. Each login ends the sessions before it. */
	madeAt?: number;
	/** When the account last logged in because a refusal cast doubt on a session, and for no better reason. */
	doubtedAt?: number;
}

/** When the logins to an account were made. */
export type LoginTimes = Pick<Session, 'madeAt' | 'doubtedAt'>;
