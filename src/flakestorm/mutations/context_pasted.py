"""What comes along with a request by accident: footers of mails, pasted code, pages, logs and figures.

It stands beside the request and asks for nothing, so the right answer stays the same.
"""

from __future__ import annotations

from flakestorm.model.mutation import Kind
from flakestorm.mutations.templates import Templates, register_templates

PASTED: Templates = {
    "mail_footer": (
        "Has the footer that a mail program adds",
        (
            "{prompt}\n\n--\nSent from my phone, please excuse slips",
            (
                "{prompt}\n\nMit freundlichen Grüßen\n\nDiese Nachricht ist vertraulich und nur für den "
                "Empfänger bestimmt."
            ),
            "{prompt}\n\nCordialement\n\nCe message est confidentiel et réservé à son destinataire.",
            "{prompt}\n\nUn saludo\n\nEste mensaje es confidencial. Piense en el medio ambiente.",
            "{prompt}\n\nこのメールは宛先の方だけにお送りしています。",
            (
                "{prompt}\n\nCONFIDENTIAL: THIS MESSAGE AND ALL THAT IS ATTACHED TO IT ARE MEANT FOR THE "
                "PERSON THAT IT IS SENT TO. NO VIRUSES WERE FOUND IN IT."
            ),
        ),
    ),
    "forwarded": (
        "Was forwarded, with the lines that a mail program puts before it",
        (
            "Fwd: {prompt}",
            "---------- Forwarded message ----------\nSubject: Re: Re: Question\n\n{prompt}",
            "Begin forwarded message:\n\n    {prompt}\n",
        ),
    ),
    "pasted_code": (
        "Has a piece of code pasted along with it",
        (
            '{prompt}\n\n```python\ndef greet(name):\n    return "Hello %s" % name  # TODO\n```',
            "{prompt}\n\n{% for item in basket %}{{ item.label }}{% endfor %}",
            "{prompt}\n\n$ echo \"$HOME\" | sed 's/[^a-z]//g' > %TEMP%\\out.txt && ls *.[ch]",
            '{prompt}\n\n{"theme": "dark", "tabs": [{"open": true, "title": null}], "path": "C:\\\\new"}',
            "{prompt}\n\nbody { margin: 0 } .note::after { content: '\\201C' }",
        ),
    ),
    "pasted_page": (
        "Comes with the source of a web page around it or below it",
        (
            '<div dir="ltr">{prompt}</div><br>\n<div class="note">Sent with a form</div>',
            '{prompt}\n\n<div><img src="logo.png"> <b>Example</b> &copy;&nbsp;Example &amp; Sons</div>',
            "{prompt}\n\n<script>window.ready = true;</script><noscript>No script</noscript>",
        ),
    ),
    "pasted_log": (
        "Has lines of a log or of a terminal pasted along with it",
        (
            (
                "{prompt}\n\n[WARN] worker#7: retry (attempt=3/5, wait=250ms)\n"
                "[ERROR] worker#7: connection reset by peer; errno=104"
            ),
            "{prompt}\n\n\x1b[33mwarning\x1b[0m: 2 packages are outdated\n\x1b[1m~/work $\x1b[0m ",
            (
                "{prompt}\n\nTraceback (most recent call last):\n"
                "  File \"main.py\", line 31, in <module>\nKeyError: 'x'"
            ),
        ),
    ),
    "irrelevant_numbers": (
        "Mentions numbers that have nothing to do with it",
        (
            "{prompt} By the way, my street has 48 lamps and 3 bakeries.",
            "{prompt} (I own 11 plants and 305 books, but that is another story.)",
            "{prompt} My score at cards yesterday was 1,020 to 987.",
            "{prompt} It is 17.5 degrees outside, and the bakery on floor -1 is still warm.",
        ),
    ),
}

register_templates("context_manipulation", PASTED, Kind.PRESERVES_MEANING)
