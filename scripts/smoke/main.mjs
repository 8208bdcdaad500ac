import express from 'express';
import { Redis } from 'ioredis';
import * as visa from 'passport-visa';
import * as testing from 'passport-visa/testing';
import pg from 'pg';
import { runApp } from './app.cjs';

// An entry that is ESM alone (passport-visa/client) is imported and used here; one that is both goes to main.cjs and app.cjs too.
await runApp({ express, visa, testing, Redis, Pool: pg.Pool });
