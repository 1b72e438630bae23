"""What the gateway writes is read by a WebSocket core that is not ours."""

import json

from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from gateway import server_frames


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
def test_what_is_no_utf8_is_still_a_frame_of_json(name: str, quoted: str) -> None:
    """AppSync quotes bad values, also halves of surrogate pairs. Two halves that meet are a pair for whoever reads JSON."""
    frame = server_frames.framed(server_frames.encode("refused", **{f"a{name}": quoted}))
    assert json.loads(server_frames.payload(frame)) == json.loads(
        json.dumps({"type": "refused", f"a{name}": quoted})
    )


@given(st.text())
def test_a_frame_is_framed_as_the_rfc_says(text: str) -> None:
    """RFC 6455, section 5.2, read back by a core that is not ours."""
    clean = text.encode(errors="ignore").decode() * 50
    client = ClientProtocol(parse_uri("ws://127.0.0.1/"), state=OPEN, max_size=None)
    client.receive_data(server_frames.framed(clean))
    (frame,) = client.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT, True, clean.encode())
