"""How a figure is declared, styled, drawn and exported."""
