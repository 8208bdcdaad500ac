const express = require('express');
const { Redis } = require('ioredis');
const visa = require('passport-visa');
const testing = require('passport-visa/testing');
const verifier = require('passport-visa/verifier');
const { Pool } = require('pg');
const { runApp } = require('./app.cjs');

void runApp({ express, visa, testing, verifier, Redis, Pool });
