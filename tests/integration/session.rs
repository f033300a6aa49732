//! Whole sessions: the real engine, the real claude, the scripted Messages API behind the real egress.

mod crowd;
mod deaths;
mod demo;
mod endings;
mod interactive;
mod kills;
mod leaks;
mod refusals;
mod resume;
mod walls;
mod workspace;
