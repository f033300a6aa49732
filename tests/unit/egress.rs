//! The bundle without an engine: the egress door, the control protocol and init, against real TLS servers on loopback.

mod addresses;
mod agreement;
mod control;
mod credentials;
mod events;
mod init;
mod limits;
mod live;
mod options;
mod parsers;
mod protocols;
mod refusals;
mod smuggling;
mod streaming;
mod tunnels;
mod unopened;
mod upstream;
mod websocket;
mod world;
