// Finds faces in a picture and draws a box around each.
//
//	detect_faces [model] [picture] [result.png]
//
// For networks with two outputs: scores (1 x N x 2: background, face) and boxes (1 x N x 4: corners x1 y1 x2 y2 in
// shares of the input's width and height). Prints a line "x1 y1 x2 y2 score" for each face, in pixels of the picture.
package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"log"
	"os"
	"path/filepath"
	"sort"

	"octet"
)

const (
	threshold  = 0.7 // of the score
	maxOverlap = 0.3 // of boxes that are two faces: intersection over union
)

type face struct {
	x1, y1, x2, y2, score float32
}

func main() {
	log.SetFlags(0)
	path, picture, result := "../models/faces/faces.onnx", "../models/faces/people.jpg", "faces.png"
	for i, set := range []*string{&path, &picture, &result} {
		if len(os.Args) > i+1 {
			*set = os.Args[i+1]
		}
	}
	if err := run(path, picture, result); err != nil {
		log.Fatal(err)
	}
}

func run(path, picture, result string) error {
	model, err := octet.Load(path, nil)
	if err != nil {
		return err
	}
	defer model.Close()
	recipe, err := recipeOf(model, path)
	if err != nil {
		return err
	}
	pixels, err := octet.LoadPixels(picture, octet.RGBA)
	if err != nil {
		return err
	}
	faces, err := detect(model, recipe, pixels)
	if err != nil {
		return err
	}
	// Go's images are rows of RGBA too: the decoded picture is drawn on where it lies.
	bounds := image.Rect(0, 0, pixels.Width, pixels.Height)
	canvas := &image.NRGBA{Pix: pixels.Data, Stride: pixels.RowStride, Rect: bounds}
	if canvas.Stride == 0 {
		canvas.Stride = 4 * pixels.Width
	}
	for _, f := range faces {
		fmt.Printf("%.1f %.1f %.1f %.1f %.3f\n", f.x1, f.y1, f.x2, f.y2, f.score)
		frame(canvas, image.Rect(int(f.x1), int(f.y1), int(f.x2)+1, int(f.y2)+1))
	}
	file, err := os.Create(result)
	if err != nil {
		return err
	}
	if err := png.Encode(file, canvas); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d faces; boxes drawn in %s\n", len(faces), result)
	return nil
}

// recipeOf says how pictures are prepared. An int8 model knows it; for a float one it stands in quantize.json beside
// the file.
func recipeOf(model *octet.Model, path string) (*octet.Recipe, error) {
	recipe, err := model.Recipe()
	if errors.Is(err, octet.ErrData) {
		return octet.RecipeFromConfig(filepath.Join(filepath.Dir(path), "quantize.json"))
	}
	return recipe, err
}

// detect finds faces and gives their boxes in pixels of the picture, the best first.
func detect(model *octet.Model, recipe *octet.Recipe, pixels *octet.Pixels) ([]face, error) {
	inputs, outputs := model.Inputs(), model.Outputs()
	if len(inputs) != 1 || len(inputs[0].Dims) != 4 || len(outputs) != 2 {
		return nil, errors.New("this network is no detector: it has not a picture as input and two outputs")
	}
	scores, boxes := 0, 1
	if isRows(outputs[1], 2) {
		scores, boxes = 1, 0
	}
	if !isRows(outputs[scores], 2) || !isRows(outputs[boxes], 4) || outputs[scores].Dims[1] != outputs[boxes].Dims[1] {
		return nil, errors.New("this network is no detector: its outputs are not 1 x N x 2 and 1 x N x 4")
	}
	session, err := model.NewSession(nil)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	values := [][]float32{make([]float32, outputs[0].ElementCount), make([]float32, outputs[1].ElementCount)}
	if err := session.RunPixels(context.Background(), pixels, recipe, values); err != nil {
		return nil, err
	}
	var found []face
	for i := 0; i < outputs[scores].Dims[1]; i++ {
		b := values[boxes][4*i:]
		f := face{b[0], b[1], b[2], b[3], values[scores][2*i+1]}
		if !(f.score > threshold) {
			continue
		}
		if !(f.x1 < f.x2 && f.y1 < f.y2 && f.x1 > -1 && f.y1 > -1 && f.x2 < 2 && f.y2 < 2) {
			return nil, errors.New("the boxes of this network are no corners: perhaps offsets to priors, " +
				"which this program does not decode")
		}
		found = append(found, f)
	}

	// From shares of the input to its pixels, and from there into the picture.
	to, err := pixels.Mapping(model, 0, recipe)
	if err != nil {
		return nil, err
	}
	width, height := float32(inputs[0].Dims[3]), float32(inputs[0].Dims[2])
	faces := suppress(found)
	for i := range faces {
		f := &faces[i]
		f.x1, f.x2 = to.ScaleX*f.x1*width+to.OffsetX, to.ScaleX*f.x2*width+to.OffsetX
		f.y1, f.y2 = to.ScaleY*f.y1*height+to.OffsetY, to.ScaleY*f.y2*height+to.OffsetY
	}
	return faces, nil
}

// isRows tells whether a tensor is 1 x N x columns.
func isRows(t octet.TensorInfo, columns int) bool {
	return len(t.Dims) == 3 && t.Dims[0] == 1 && t.Dims[2] == columns
}

// suppress keeps of faces that overlap much only the best one (non-maximum suppression).
func suppress(faces []face) []face {
	sort.SliceStable(faces, func(i, k int) bool { return faces[i].score > faces[k].score })
	var kept []face
next:
	for _, f := range faces {
		for _, better := range kept {
			if overlap(f, better) > maxOverlap {
				continue next
			}
		}
		kept = append(kept, f)
	}
	return kept
}

// overlap is intersection over union.
func overlap(a, b face) float32 {
	width := smaller(a.x2, b.x2) - larger(a.x1, b.x1)
	height := smaller(a.y2, b.y2) - larger(a.y1, b.y1)
	if width <= 0 || height <= 0 {
		return 0
	}
	both := width * height
	return both / ((a.x2-a.x1)*(a.y2-a.y1) + (b.x2-b.x1)*(b.y2-b.y1) - both)
}

func smaller(a, b float32) float32 {
	if a < b {
		return a
	}
	return b
}

func larger(a, b float32) float32 {
	return -smaller(-a, -b)
}

// frame draws the border of a box, two pixels thick; what lies outside of the picture is left out.
func frame(canvas draw.Image, box image.Rectangle) {
	green := image.NewUniform(color.NRGBA{0, 230, 60, 255})
	for _, side := range []image.Rectangle{
		image.Rect(box.Min.X, box.Min.Y, box.Max.X, box.Min.Y+2),
		image.Rect(box.Min.X, box.Max.Y-2, box.Max.X, box.Max.Y),
		image.Rect(box.Min.X, box.Min.Y, box.Min.X+2, box.Max.Y),
		image.Rect(box.Max.X-2, box.Min.Y, box.Max.X, box.Max.Y),
	} {
		draw.Draw(canvas, side, green, image.Point{}, draw.Src)
	}
}
