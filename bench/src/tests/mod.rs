mod args;
mod latency;
mod results;
mod system;
mod zipf;
