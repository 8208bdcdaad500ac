import express from 'express';
import { Redis } from 'ioredis';
import * as visa from 'passport-visa';
import * as client from 'passport-visa/client';
import * as account from 'passport-visa/client/account';
import * as testing from 'passport-visa/testing';
import * as verifier from 'passport-visa/verifier';
import pg from 'pg';
import { runApp } from './app.cjs';

// An entry that is ESM only is imported only here. One that is also CJS belongs in main.cjs too.
await runApp({ express, visa, testing, verifier, client, account, Redis, Pool: pg.Pool });
