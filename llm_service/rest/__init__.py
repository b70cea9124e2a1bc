"""The REST interface: requests in, answers or RFC 9457 problem documents out."""
