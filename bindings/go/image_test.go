package octet_test

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"testing"

	"octet"
)

const picture = examples + "test/0001.png"

func TestDecodingGivesThePixelsOfThePicture(t *testing.T) {
	data, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	want, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := octet.LoadPixels(picture, octet.RGB)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := octet.DecodePixels(data, "picture", octet.BGRA)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Width != 64 || loaded.Height != 64 || loaded.Format != octet.RGB || decoded.Format != octet.BGRA {
		t.Fatalf("%d x %d, %v, %v", loaded.Width, loaded.Height, loaded.Format, decoded.Format)
	}
	row := func(p *octet.Pixels, channels int) int {
		if p.RowStride != 0 {
			return p.RowStride
		}
		return p.Width * channels
	}
	for y := 0; y < 64; y++ {
		for x := 0; x < 64; x++ {
			c := color.NRGBAModel.Convert(want.At(x, y)).(color.NRGBA)
			rgb := loaded.Data[y*row(loaded, 3)+3*x:]
			bgra := decoded.Data[y*row(decoded, 4)+4*x:]
			if [3]byte{rgb[0], rgb[1], rgb[2]} != [3]byte{c.R, c.G, c.B} ||
				[4]byte{bgra[0], bgra[1], bgra[2], bgra[3]} != [4]byte{c.B, c.G, c.R, 255} {
				t.Fatalf("%d, %d: %v and %v, not %v", x, y, rgb[:3], bgra[:4], c)
			}
		}
	}
	if _, err := octet.LoadPixels("nowhere.jpg", octet.RGB); !errors.Is(err, octet.ErrIO) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := octet.LoadPixels(picture, 99); !errors.Is(err, octet.ErrArgument) {
		t.Errorf("an unknown format: %v", err)
	}
	_, err = octet.DecodePixels(data[:len(data)/2], "half a picture", octet.RGB)
	fails(t, "half a picture", err, octet.ErrFormat, "half a picture")
	if _, err := octet.DecodePixels(nil, "nothing", octet.RGB); err == nil {
		t.Error("no bytes")
	}
}

// Every kind of Go image gives the same pixels; of a part of a picture, that part.
func TestPixelsOfGoImages(t *testing.T) {
	bounds := image.Rect(3, 5, 11, 9)
	nrgba, rgba, paletted := image.NewNRGBA(bounds), image.NewRGBA(bounds), image.NewPaletted(bounds, nil)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := color.NRGBA{uint8(20 * x), uint8(20 * y), uint8(x * y), 255}
			nrgba.Set(x, y, c)
			rgba.Set(x, y, c)
			paletted.Palette = append(paletted.Palette, c)
			paletted.SetColorIndex(x, y, uint8(len(paletted.Palette)-1))
		}
	}
	part := image.Rect(5, 6, 9, 8)
	for name, of := range map[string]image.Image{
		"NRGBA": nrgba.SubImage(part), "RGBA": rgba.SubImage(part), "paletted": paletted.SubImage(part),
	} {
		p := octet.PixelsOf(of)
		if p.Format != octet.RGBA || p.Width != 4 || p.Height != 2 {
			t.Fatalf("%s: %+v", name, p)
		}
		for y := 0; y < 2; y++ {
			for x := 0; x < 4; x++ {
				got, want := p.Data[y*p.RowStride+4*x:][:4], nrgba.NRGBAAt(5+x, 6+y)
				if [4]byte{got[0], got[1], got[2], got[3]} != [4]byte{want.R, want.G, want.B, want.A} {
					t.Errorf("%s: %d, %d: %v, not %v", name, x, y, got, want)
				}
			}
		}
	}
	if &octet.PixelsOf(nrgba).Data[0] != &nrgba.Pix[0] {
		t.Error("NRGBA is to be taken without a copy")
	}
	gray := image.NewGray(image.Rect(0, 0, 3, 2))
	if p := octet.PixelsOf(gray); p.Format != octet.Gray || &p.Data[0] != &gray.Pix[0] || p.RowStride != 3 {
		t.Errorf("gray: %+v", p)
	}
	if p := octet.PixelsOf(nrgba.SubImage(image.Rectangle{})); p.Width != 0 || p.Height != 0 {
		t.Errorf("an empty image: %+v", p)
	}
}

func TestToInputFollowsTheRecipe(t *testing.T) {
	model := load(t, deepNetwork(1, 3, 2)) // input 1 x 3 x 2 x 2
	black := func(width, height, size int) *octet.Pixels {
		return &octet.Pixels{Format: octet.RGB, Width: width, Height: height, Data: make([]byte, size)}
	}
	pixels := &octet.Pixels{Format: octet.BGRA, Width: 2, Height: 2, RowStride: 10, Data: []byte{
		30, 20, 10, 255, 31, 21, 11, 255, 0, 0,
		32, 22, 12, 255, 33, 23, 13, 255}}
	recipe := &octet.Recipe{Format: octet.RGB, Mean: [4]float32{10, 20, 30}, Normal: [4]float32{1, 2, 3}}
	got := make([]float32, 12)
	if err := pixels.ToInput(model, 0, recipe, got); err != nil {
		t.Fatal(err)
	}
	equal(t, "input", got, []float32{0, 1, 2, 3, 0, 2, 4, 6, 0, 3, 6, 9})

	session := newSession(t, model, nil)
	want, direct := make([]float32, 12), make([]float32, 12)
	if err := session.Run([][]float32{got}, [][]float32{want}); err != nil {
		t.Fatal(err)
	}
	if err := session.RunPixels(background, pixels, recipe, [][]float32{direct}); err != nil {
		t.Fatal(err)
	}
	equal(t, "RunPixels", direct, want)

	wide := &octet.Pixels{Format: octet.BGRA, Width: 8, Height: 4}
	mapping, err := wide.Mapping(model, 0, recipe)
	if err != nil || mapping != (octet.Mapping{ScaleX: 4, ScaleY: 2}) {
		t.Errorf("%+v, %v", mapping, err)
	}
	for name, err := range map[string]error{
		"no recipe":      pixels.ToInput(model, 0, nil, got),
		"too short":      pixels.ToInput(model, 0, recipe, got[:11]),
		"nil":            pixels.ToInput(model, 0, recipe, nil),
		"no such input":  pixels.ToInput(model, 1, recipe, got),
		"no data":        black(2, 2, 0).ToInput(model, 0, recipe, got),
		"too few pixels": black(3, 2, 17).ToInput(model, 0, recipe, got),
	} {
		if err == nil || len(err.Error()) < 15 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRunImageClassifies(t *testing.T) {
	session := newSession(t, int8Shapes(t), nil)
	file, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoded, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	pixels, err := octet.LoadPixels(picture, octet.RGB)
	if err != nil {
		t.Fatal(err)
	}
	fromImage, fromPixels := make([]float32, 16), make([]float32, 16)
	if err := session.RunImage(background, decoded, nil, [][]float32{fromImage}); err != nil {
		t.Fatal(err)
	}
	if err := session.RunPixels(background, pixels, nil, [][]float32{fromPixels}); err != nil {
		t.Fatal(err)
	}
	equal(t, "probabilities", fromImage, fromPixels)
	if best(fromImage) != 0 { // labels.tsv
		t.Errorf("class %d, not 0: %v", best(fromImage), fromImage)
	}
}

func best(probabilities []float32) int {
	class := 0
	for i, p := range probabilities {
		if p > probabilities[class] {
			class = i
		}
	}
	return class
}
