import type { NodeAPI } from 'node-red';
import { etrack } from '../../../providers/protrack';
import { register } from '../register';

export = (RED: NodeAPI): void => register(RED, etrack);
