import { createHash } from 'node:crypto';

/** 32 lower-case hexadecimal characters. */
export const md5 = (text: string) => createHash('md5').update(text, 'utf8').digest('hex');
