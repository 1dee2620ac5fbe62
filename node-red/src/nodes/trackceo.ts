import type { NodeAPI } from 'node-red';
import { trackceo } from '../../../providers/protrack';
import { register } from '../register';

export = (RED: NodeAPI): void => register(RED, trackceo);
